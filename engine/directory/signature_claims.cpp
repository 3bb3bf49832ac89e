#include "directory/signature_claims.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "content/signed_publication.hpp"

namespace shoal {

namespace {

/// In this time credit is full again.
constexpr duration full_after =
    std::chrono::seconds(static_cast<int>(signature_claims::credit_max / signature_claims::credit_a_second));

}  // namespace

void signature_claims::on_claim(tracker_session_id by, const std::string& origin, claim made, time_point now) {
  forget(now);
  const auto [at, is_new] = claimants_.try_emplace(by);
  claimant& from = at->second;
  if (is_new) {
    from.origin = origin;
    const auto home = origins_.try_emplace(origin);
    if (home.second) home.first->second.credited_at = now;
    ++home.first->second.claimants;
  }
  origin_state& home = origins_.at(from.origin);
  if (home.turns.empty()) turns_.push_back(from.origin);
  if (from.claims.empty()) home.turns.push_back(by);
  const share_id id = made.id;
  from.claims.insert_or_assign(id, std::move(made));
}

void signature_claims::end_turn(tracker_session_id by, const std::string& origin) {
  origin_state& home = origins_.at(origin);
  if (std::erase(home.turns, by) != 0 && home.turns.empty()) std::erase(turns_, origin);
}

void signature_claims::on_withdraw(tracker_session_id by, const share_id& id) {
  const auto at = claimants_.find(by);
  if (at == claimants_.end() || at->second.claims.erase(id) == 0) return;
  if (at->second.claims.empty()) end_turn(by, at->second.origin);
}

void signature_claims::on_leave(tracker_session_id by) {
  const auto at = claimants_.find(by);
  if (at == claimants_.end()) return;
  end_turn(by, at->second.origin);
  --origins_.at(at->second.origin).claimants;
  claimants_.erase(at);
}

void signature_claims::forget(time_point now) {
  if (now < forgotten_at_ + full_after) return;
  forgotten_at_ = now;
  for (auto& [name, one] : origins_) gain(one, now);
  std::erase_if(origins_, [](const auto& one) { return one.second.claimants == 0 && one.second.credit >= credit_max; });
}

void signature_claims::gain(origin_state& from, time_point now) {
  const double seconds = std::chrono::duration<double>(now - from.credited_at).count();
  from.credit = std::min(credit_max, from.credit + seconds * credit_a_second);
  from.credited_at = now;
}

std::optional<publication> signature_claims::verdict_of(const claim& made, origin_state& from, std::size_t& checks,
                                                        time_point now) {
  if (auto known = known_.find(made.what, made.id, made.share.name)) return known;
  gain(from, now);
  if (from.credit < 1) return std::nullopt;
  from.credit -= 1;
  ++checks;
  return known_.check(made.what, made.id, made.share.name);
}

std::vector<signature_claims::claim> signature_claims::next_checked(time_point now) {
  std::vector<claim> done;
  std::size_t checks = 0;
  std::size_t passed_over = 0;
  while (checks < checks_a_round && done.size() < known_a_round && passed_over < turns_.size()) {
    std::string next = std::move(turns_.front());
    turns_.pop_front();
    origin_state& home = origins_.at(next);
    const tracker_session_id by = home.turns.front();
    claimant& from = claimants_.at(by);
    const auto first = from.claims.begin();
    const auto verdict = verdict_of(first->second, home, checks, now);
    if (!verdict) {
      ++passed_over;
      turns_.push_back(std::move(next));
      continue;
    }
    passed_over = 0;
    claim& one = done.emplace_back(std::move(first->second));
    one.what = *verdict;
    from.claims.erase(first);
    home.turns.pop_front();
    if (!from.claims.empty()) home.turns.push_back(by);
    if (!home.turns.empty()) turns_.push_back(std::move(next));
  }
  return done;
}

}  // namespace shoal
