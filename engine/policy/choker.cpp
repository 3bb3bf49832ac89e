#include "policy/choker.hpp"

#include <algorithm>
#include <functional>

#include "core/assert.hpp"

namespace shoal {

choker::leecher_record& choker::at(leecher_id leecher) {
  const auto found = leechers_.find(leecher);
  SHOAL_ASSERT(found != leechers_.end());
  return found->second;
}

const choker::leecher_record& choker::at(leecher_id leecher) const {
  const auto found = leechers_.find(leecher);
  SHOAL_ASSERT(found != leechers_.end());
  return found->second;
}

void choker::choke(leecher_record& one, time_point now) {
  one.choked = true;
  one.choked_at = now;
  // A leecher that wanted nothing in its turn was no burden.
  const bool unused = one.wanted && !one.asked && !held_back(one, now);
  if (unused) one.turns_unused = std::min(one.turns_unused + 1, turns_unused_max);
  if (one.asked) one.turns_unused = 0;
  // It may have got meanwhile what it wanted. But not each time.
  const bool rests = unused && (one.interested || one.turns_unused > 1);
  one.rests_until = rests ? now + turn_idle_max * (1 << one.turns_unused) : now;
  std::erase(unchoked_, &one);
  if (one.interested) waiting_.push_back(one.id);
  decisions_.push_back({one.id, true});
}

void choker::unchoke(leecher_record& one, time_point now) {
  if (is_behind(one)) places_.on_held_back_served(now);
  one.choked = false;
  one.turn_bytes = 0;
  one.asked = false;
  one.wanted = one.interested;
  one.unchoked_at = now;
  one.quiet_since = now;
  one.paused = {};
  std::erase(waiting_, one.id);
  unchoked_.push_back(&one);
  decisions_.push_back({one.id, false});
}

time_point choker::turn_ends(const leecher_record& one) const {
  if (!one.interested || one.turn_bytes >= turn_bytes_) return {};
  const duration patience = std::clamp(2 * one.round_trip, turn_idle_max, turn_patience_max);
  if (!one.asked) return one.unchoked_at + patience;
  const time_point latest = one.first_asked + turn_duration_max;
  return one.outstanding > 0 ? latest : std::min(latest, one.quiet_since + patience - one.paused);
}

bool choker::is_behind(const leecher_record& one) const {
  if (!one.interested || one.backlog <= backlog_max / 2) return false;
  // A leecher that is behind stays so until its backlog is somewhat smaller. So it does not come and go with each
  // piece.
  const std::uint32_t least = *backlogs_.begin();
  return one.choked ? one.backlog >= std::max(backlog_max / 2 + 1, least + (least + 1) / 2)
                    : one.backlog >= std::max(backlog_max, 2 * least);
}

void choker::hold_back(time_point now) {
  for (std::size_t i = unchoked_.size(); i-- > 0;) {
    if (held_back(*unchoked_[i], now)) choke(*unchoked_[i], now);
  }
}

bool choker::worth_a_turn(const leecher_record& one, time_point now) const {
  return one.outstanding == 0 && one.rests_until <= now && !held_back(one, now);
}

std::deque<leecher_id>::const_iterator choker::next_for_room(time_point now) const {
  const auto next = next_waiting(now);
  if (next != waiting_.end()) return next;
  return std::find_if(waiting_.begin(), waiting_.end(), [&](leecher_id id) { return !held_back(at(id), now); });
}

std::deque<leecher_id>::const_iterator choker::next_waiting(time_point now) const {
  return std::find_if(waiting_.begin(), waiting_.end(), [&](leecher_id id) { return worth_a_turn(at(id), now); });
}

bool choker::full() const {
  const auto far =
      static_cast<std::size_t>(std::count_if(unchoked_.begin(), unchoked_.end(), [](const leecher_record* one) {
        return one->round_trip >= far_round_trip_min;
      }));
  return unchoked_.size() - std::min(far, far_unchoked_max) >= places_.count();
}

time_point choker::drained_at() const {
  if (seeding_) return {};
  std::vector<time_point> ends;
  for (const leecher_id id : waiting_) {
    if (at(id).outstanding > 0) ends.push_back(at(id).choked_at + drain_duration_max);
  }
  const std::size_t places = places_.count();
  if (ends.size() < places) return {};
  const auto last = ends.begin() + static_cast<std::ptrdiff_t>(places - 1);
  std::nth_element(ends.begin(), last, ends.end(), std::greater<>());
  return *last;
}

void choker::decide(time_point now) {
  hold_back(now);
  while (!waiting_.empty()) {
    if (!full()) {
      const auto next = next_for_room(now);
      if (next == waiting_.end()) return;
      unchoke(at(*next), now);
      continue;
    }
    const auto next = next_waiting(now);
    if (next == waiting_.end()) return;
    if (now < drained_at()) return;
    const auto over = std::find_if(unchoked_.begin(), unchoked_.end(),
                                   [&](const leecher_record* one) { return turn_ends(*one) <= now; });
    if (over == unchoked_.end()) return;
    choke(**over, now);
  }
}

leecher_id choker::on_leecher(duration round_trip, time_point now) {
  const leecher_id id = next_leecher_;
  ++next_leecher_;
  leecher_record& one = leechers_.emplace(id, leecher_record{.id = id, .round_trip = round_trip}).first->second;
  if (!full()) unchoke(one, now);
  return id;
}

void choker::on_leecher_gone(leecher_id leecher, time_point now) {
  std::erase(waiting_, leecher);
  std::erase(unchoked_, &at(leecher));
  if (at(leecher).interested) backlogs_.erase(backlogs_.find(at(leecher).backlog));
  leechers_.erase(leecher);
  std::erase_if(decisions_, [&](const decision& one) { return one.leecher == leecher; });
  decide(now);
}

void choker::on_interested(leecher_id leecher, bool interested, time_point now) {
  leecher_record& one = at(leecher);
  if (one.interested == interested) return;
  one.interested = interested;
  if (interested) {
    one.wanted = true;
    backlogs_.insert(one.backlog);
  } else {
    backlogs_.erase(backlogs_.find(one.backlog));
  }
  if (one.choked && interested) waiting_.push_back(leecher);
  if (one.choked && !interested) std::erase(waiting_, leecher);
  decide(now);
}

bool choker::on_request(leecher_id leecher, std::uint32_t bytes, time_point now) {
  leecher_record& one = at(leecher);
  if (one.choked) return false;
  if (!one.asked) {
    one.first_asked = now;
  } else if (one.outstanding == 0) {
    one.paused += now - one.quiet_since;
  }
  one.asked = true;
  one.outstanding += bytes;
  one.turn_bytes += bytes;
  decide(now);
  return true;
}

void choker::on_sent(leecher_id leecher, std::uint32_t bytes, time_point now) {
  places_.on_served(bytes, !waiting_.empty(), now);
  answered(leecher, bytes, now);
}

void choker::on_refused(leecher_id leecher, std::uint32_t bytes, time_point now) {
  answered(leecher, bytes, now);
}

void choker::answered(leecher_id leecher, std::uint32_t bytes, time_point now) {
  leecher_record& one = at(leecher);
  SHOAL_ASSERT(one.outstanding >= bytes);
  one.outstanding -= bytes;
  if (one.outstanding == 0) one.quiet_since = now;
  decide(now);
}

void choker::on_backlog(leecher_id leecher, std::uint32_t pieces, time_point now) {
  leecher_record& one = at(leecher);
  if (one.interested) {
    backlogs_.erase(backlogs_.find(one.backlog));
    backlogs_.insert(pieces);
  }
  one.backlog = pieces;
  decide(now);
}

void choker::on_seeding(time_point now) {
  places_.on_seeding();
  seeding_ = true;
  decide(now);
}

time_point choker::next_deadline() const {
  // At that time the leechers that are held back are served.
  if (!waiting_.empty() && !full()) return places_.room_at();
  time_point over = never;
  for (const leecher_record* one : unchoked_) over = std::min(over, turn_ends(*one));
  time_point next = never;
  for (auto waiting = waiting_.begin(); waiting != waiting_.end() && next > over; ++waiting) {
    const leecher_record& one = at(*waiting);
    if (one.outstanding > 0) continue;
    next = std::min(next, is_behind(one) ? std::max(one.rests_until, places_.room_at()) : one.rests_until);
  }
  return next == never ? never : std::max({over, next, drained_at()});
}

std::optional<choker::decision> choker::next_decision() {
  if (decisions_.empty()) return std::nullopt;
  const decision next = decisions_.front();
  decisions_.pop_front();
  return next;
}

void choker::check_invariants() const {
  SHOAL_ASSERT(unchoked_.size() <= upload_places_max + far_unchoked_max);
  SHOAL_ASSERT(full() ||
               std::all_of(waiting_.begin(), waiting_.end(), [&](leecher_id id) { return is_behind(at(id)); }));
  std::size_t waiting = 0;
  for (const auto& [id, one] : leechers_) {
    SHOAL_ASSERT(one.choked == (std::find(unchoked_.begin(), unchoked_.end(), &one) == unchoked_.end()));
    if (one.choked && one.interested) ++waiting;
  }
  SHOAL_ASSERT(waiting == waiting_.size());
}

}  // namespace shoal
