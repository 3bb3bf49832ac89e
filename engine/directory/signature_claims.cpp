#include "directory/signature_claims.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "content/signed_publication.hpp"

namespace shoal {

void signature_claims::on_claim(tracker_session_id by, claim made, time_point now) {
  const auto [at, is_new] = claimants_.try_emplace(by);
  claimant& from = at->second;
  if (is_new) from.credited_at = now;
  if (from.claims.empty()) turns_.push_back(by);
  const share_id id = made.id;
  from.claims.insert_or_assign(id, std::move(made));
}

void signature_claims::on_withdraw(tracker_session_id by, const share_id& id) {
  const auto at = claimants_.find(by);
  if (at == claimants_.end() || at->second.claims.erase(id) == 0) return;
  // Its credit is kept: a peer that takes claims back gains nothing.
  if (at->second.claims.empty()) std::erase(turns_, by);
}

void signature_claims::on_leave(tracker_session_id by) {
  if (claimants_.erase(by) != 0) std::erase(turns_, by);
}

std::vector<signature_claims::claim> signature_claims::next_checked(time_point now) {
  std::vector<claim> done;
  std::size_t passed_over = 0;
  while (done.size() < checks_a_round && passed_over < turns_.size()) {
    const tracker_session_id next = turns_.front();
    turns_.pop_front();
    claimant& from = claimants_.at(next);
    const double seconds = std::chrono::duration<double>(now - from.credited_at).count();
    from.credit = std::min(credit_max, from.credit + seconds * credit_a_second);
    from.credited_at = now;
    if (from.credit < 1) {
      ++passed_over;
      turns_.push_back(next);
      continue;
    }
    passed_over = 0;
    from.credit -= 1;
    auto taken = from.claims.extract(from.claims.begin());
    if (!from.claims.empty()) turns_.push_back(next);
    claim& one = taken.mapped();
    one.what = checked(one.what, one.id, one.share.name);
    done.push_back(std::move(one));
  }
  return done;
}

}  // namespace shoal
