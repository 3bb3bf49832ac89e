#include "policy/info_claims.hpp"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "core/assert.hpp"
#include "core/sha256.hpp"

namespace shoal {

namespace {

// When the data of `other` may go to make room for `asking`. At once if `other` is the larger claim: an honest claim is
// rarely large. Of equal claims, at once if `other` is further from its end. Any other claim goes when it is late.
time_point expendable_time(const info_assembly& other, const info_assembly& asking) {
  const bool larger = other.total_bytes() > asking.total_bytes();
  const bool further = other.total_bytes() == asking.total_bytes() && other.held_bytes() < asking.held_bytes();
  return larger || further ? time_point::min() : other.last_kept() + claim_late_after;
}

}  // namespace

template <class Function>
void info_claims::for_each_assembly(Function function) const {
  for (const auto& [bytes, one] : claims_) {
    function(one.together);
    for (const auto& [source, own] : one.own) function(own);
  }
}

void info_claims::on_source(source_id source, std::uint32_t total_bytes) {
  const bool added = sources_.emplace(source, total_bytes).second;
  SHOAL_ASSERT(added);
  claim& one = claims_.try_emplace(total_bytes, total_bytes).first->second;
  ++one.sources;
  if (one.apart) one.own.try_emplace(source, total_bytes);
}

void info_claims::on_source_lost(source_id source) {
  const auto at = sources_.find(source);
  if (at == sources_.end()) return;
  const auto claimed = claims_.find(at->second);
  sources_.erase(at);
  claim& one = claimed->second;
  if (const auto own = one.own.find(source); own != one.own.end()) {
    held_bytes_ -= own->second.held_bytes();
    one.own.erase(own);
  }
  if (--one.sources > 0) return;
  held_bytes_ -= one.together.held_bytes();
  claims_.erase(claimed);
}

const info_assembly* info_claims::assembly(source_id source) const {
  const auto at = sources_.find(source);
  if (at == sources_.end()) return nullptr;
  const claim& one = claims_.at(at->second);
  return one.apart ? &one.own.at(source) : &one.together;
}

info_assembly* info_claims::assembly(source_id source) {
  return const_cast<info_assembly*>(std::as_const(*this).assembly(source));
}

const task_spread* info_claims::tasks(source_id source) const {
  const info_assembly* const one = assembly(source);
  return one == nullptr ? nullptr : &one->tasks();
}

bool info_claims::alone(source_id source) const {
  const auto at = sources_.find(source);
  if (at == sources_.end()) return false;
  const claim& one = claims_.at(at->second);
  return one.apart || one.sources == 1;
}

time_point info_claims::room_time(const info_assembly& asking) const {
  const std::uint64_t wanted = held_bytes_ + metadata_piece_bytes;
  if (wanted <= bytes_max_) return time_point::min();
  std::vector<std::pair<time_point, std::uint64_t>> others;
  for_each_assembly([&](const info_assembly& one) {
    if (&one != &asking && one.held_bytes() > 0) others.emplace_back(expendable_time(one, asking), one.held_bytes());
  });
  std::ranges::sort(others);
  std::uint64_t freed = 0;
  for (const auto& [time, bytes] : others) {
    freed += bytes;
    if (wanted - freed <= bytes_max_) return time;
  }
  return never;
}

bool info_claims::make_room(const info_assembly& asking, std::uint64_t bytes, time_point now) {
  if (held_bytes_ + bytes <= bytes_max_) return true;
  std::vector<info_assembly*> others;
  std::uint64_t expendable = 0;
  const auto look = [&](info_assembly& one) {
    if (&one == &asking || one.held_bytes() == 0 || expendable_time(one, asking) > now) return;
    others.push_back(&one);
    expendable += one.held_bytes();
  };
  for (auto& [claimed, one] : claims_) {
    look(one.together);
    for (auto& [source, own] : one.own) look(own);
  }
  if (held_bytes_ - expendable + bytes > bytes_max_) return false;
  // First the late ones, then the largest claims, then those that are furthest from their end.
  std::ranges::sort(others, {}, [&](const info_assembly* one) {
    const bool late = one->last_kept() + claim_late_after <= now;
    return std::tuple(late ? 0 : 1, ~one->total_bytes(), one->held_bytes());
  });
  for (auto victim = others.begin(); held_bytes_ + bytes > bytes_max_; ++victim) {
    held_bytes_ -= (*victim)->held_bytes();
    (void)(*victim)->take();
  }
  return true;
}

std::optional<std::uint32_t> info_claims::next_piece(source_id source, bool duplicate, time_point now) {
  info_assembly* const one = assembly(source);
  if (one == nullptr || room_time(*one) > now) return std::nullopt;
  return one->tasks().next(source, duplicate, now);
}

time_point info_claims::next_time(source_id source, bool duplicate) const {
  const info_assembly* const one = assembly(source);
  return one == nullptr ? never : std::max(room_time(*one), one->tasks().next_time(source, duplicate));
}

void info_claims::on_given_back(source_id source, std::uint32_t piece) {
  if (info_assembly* const one = assembly(source)) one->tasks().on_given_back(source, piece);
}

info_claims::answer info_claims::on_piece(source_id source, std::uint32_t piece, byte_view data, time_point now) {
  info_assembly* const one = assembly(source);
  if (one == nullptr) return answer::not_needed;
  if (!one->fits(piece, data.size())) return answer::wrong_size;
  if (one->has(piece)) return answer::not_needed;
  if (!make_room(*one, data.size(), now)) {
    one->tasks().on_given_back(source, piece);
    return answer::not_needed;
  }
  one->keep(piece, {source, byte_buffer(data.begin(), data.end())}, now);
  held_bytes_ += data.size();
  if (one->complete()) examine(claims_.at(sources_.at(source)), source);
  return answer::kept;
}

void info_claims::examine(claim& done, source_id last) {
  byte_buffer whole = (done.apart ? done.own.at(last) : done.together).join();
  if (sha256(whole).bytes == share_.bytes) {
    // Now it is known which parts of the others are wrong.
    for (const auto& [source, own] : done.own) {
      const bool lied = std::ranges::any_of(own.parts(), [&](const auto& row) {
        const auto right =
            byte_view(whole).subspan(std::size_t{row.first} * metadata_piece_bytes, row.second.data.size());
        return !std::ranges::equal(row.second.data, right);
      });
      if (lied) liars_.push_back(source);
    }
    found_ = std::move(whole);
  } else if (done.apart) {
    liars_.push_back(last);
  } else {
    take_apart(done);
  }
}

void info_claims::take_apart(claim& wrong) {
  const std::uint32_t total_bytes = wrong.together.total_bytes();
  wrong.apart = true;
  for (const auto& [source, claimed] : sources_) {
    if (claimed == total_bytes) wrong.own.try_emplace(source, total_bytes);
  }
  const time_point now = wrong.together.last_kept();
  held_bytes_ -= wrong.together.held_bytes();
  for (auto& [piece, one] : wrong.together.take()) {
    const auto own = wrong.own.find(one.sender);
    if (own == wrong.own.end()) continue;
    held_bytes_ += one.data.size();
    own->second.keep(piece, std::move(one), now);
  }
  for (const auto& [source, own] : wrong.own) {
    if (own.complete()) liars_.push_back(source);
  }
}

std::optional<source_id> info_claims::next_liar() {
  if (liars_.empty()) return std::nullopt;
  const source_id source = liars_.front();
  liars_.pop_front();
  return source;
}

void info_claims::check_invariants() const {
  std::uint64_t held = 0;
  for_each_assembly([&](const info_assembly& one) {
    one.check_invariants();
    held += one.held_bytes();
  });
  SHOAL_ASSERT(held == held_bytes_ && held_bytes_ <= bytes_max_);
  for (const auto& [total_bytes, one] : claims_) {
    const auto claimants = std::ranges::count_if(sources_, [&](const auto& row) { return row.second == total_bytes; });
    SHOAL_ASSERT(one.sources > 0 && one.sources == claimants && one.together.total_bytes() == total_bytes);
    SHOAL_ASSERT(one.own.size() == (one.apart ? one.sources : 0));
    SHOAL_ASSERT(!one.apart || one.together.held_bytes() == 0);
  }
}

}  // namespace shoal
