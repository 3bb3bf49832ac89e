// transfer: what the sources are busy with, when they will be done, and what is neglected while a source is idle.

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "core/assert.hpp"
#include "policy/steal.hpp"
#include "policy/transfer_state.hpp"

namespace shoal {

namespace {

// Seconds. A source without BEP 6 never answers a withdrawn request.
constexpr double owed_wait_max = 2;

}  // namespace

workload transfer::state::workload_of(source_id id, time_point now) {
  const source& one = at(id);
  workload of;
  of.source = id;
  of.known = one.window.rate() > 0;
  of.delay = std::chrono::duration<double>(one.window.delay()).count();
  of.pending = pending_of(one);
  of.requests = &one.requests;
  of.risk = one.stood_still;
  if (limit != 0) of.rate = std::min(of.rate, static_cast<double>(limit));
  if (of.known) of.rate = one.window.rate_cautious();
  const bool unread = paused || one.paused;
  if (const auto owed = one.requests.first_owed(); owed && !unread) {
    of.mute = silence_expected(now - std::max(*owed + one.window.delay(), one.delivered_at), of.rate);
  }
  if (one.requests.empty()) {
    // A source may be unknown except that it did not even answer a withdrawn request. It is no better than a late
    // source.
    if (!of.known) of.wait = std::min(of.mute, owed_wait_max);
    return of;
  }
  const time_point due = one.requests.outstanding().front().sent + one.window.delay();
  if (!one.answering && due > now) of.wait = std::chrono::duration<double>(due - now).count();
  const time_point quiet_since = one.owes_since.value_or(now) + (one.answering ? duration::zero() : one.window.delay());
  const double silence = unread ? 0 : silence_expected(now - quiet_since, of.rate);
  of.late = silence > 0;
  of.mute = std::max(of.mute, silence);
  of.wait = std::max(of.wait, silence);
  return of;
}

void transfer::state::look(time_point now, duration age_max) {
  if (looked_at != time_point{} && now < looked_at + age_max) return;
  looked_at = now;
  workloads.clear();
  rate_all = 0;
  for (const auto id : present) {
    const workload& one = workloads.emplace_back(workload_of(id, now));
    if (can_be_asked(at(id)) && one.known && !one.late && !rests(id)) rate_all += one.rate;
  }
}

double transfer::state::seconds_left() const {
  return static_cast<double>(queue.missing_bytes()) / rate_all;
}

std::uint64_t transfer::state::may_come_twice(double seconds) const {
  auto bound = std::max(static_cast<std::uint64_t>(static_cast<double>(info->total_bytes()) * duplicate_share_max),
                        duplicate_bytes_min);
  bound -= std::min(bound, total.bytes_duplicate);
  for (const workload& one : workloads) {
    bound -= std::min(bound, bytes_in_vain(one, one.requests->at_risk(), seconds));
  }
  return bound;
}

void transfer::state::refresh_pending() {
  for (workload& each : workloads) each.pending = pending_of(at(each.source));
}

bool transfer::state::others_sooner(source_id than, piece_index piece, std::uint32_t bytes, double seconds) {
  refresh_pending();
  const piece_record* exclusive = queue.begun(piece);
  if (exclusive != nullptr && !exclusive->exclusive) exclusive = nullptr;
  double rate = 0;
  double soonest = std::numeric_limits<double>::infinity();
  double begins = std::numeric_limits<double>::infinity();
  for (const workload& other : workloads) {
    const source& one = at(other.source);
    if (other.source == than || !can_be_asked(one) || one.resume || !other.known || other.late) continue;
    if (!queue.held(other.source).test(piece.value())) continue;
    if (exclusive && exclusive->owner != other.source && !queue.may_take(other.source, piece)) continue;
    rate += other.rate;
    soonest = std::min(soonest, other.risk + seconds_for(other, bytes));
    begins = std::min(begins, other.risk + seconds_for(other, 0));
  }
  return rate > 0 &&
         clearly_sooner(std::max(soonest, begins + static_cast<double>(queue.missing_bytes()) / rate), seconds);
}

std::optional<chunk_index> transfer::state::neglected(source_id id, time_point now) {
  const source& one = at(id);
  const bitmap& held = queue.held(id);
  const workload idle = workload_of(id, now);
  const double mine = seconds_for(idle, block_bytes);
  look(now, duration::zero());
  for (auto i = held.next_set(0); i < held.size(); i = held.next_set(i + 1)) {
    const piece_index piece{i};
    const chunk_index first = info->shape().first_chunk(piece);
    if (verified.test(i) || queue.held_back(piece)) continue;
    // A block that nobody was asked for is left to others only if they bring it in no time.
    const auto left_to_others = [&] { return one.window.rate() > 0 && others_sooner(id, piece, block_bytes, mine); };
    const piece_record* begun = queue.begun(piece);
    if (begun == nullptr) {
      if (!left_to_others()) return first;
      continue;
    }
    if (begun->exclusive) {
      if (!begun->owner && queue.may_take(id, piece) && !left_to_others()) return first;
      continue;
    }
    for (std::uint32_t c = 0; c < begun->chunks.size(); ++c) {
      const chunk_index chunk{first.value() + c};
      const chunk_record& record = begun->chunks[c];
      if (record.open() != 0 && !record.lane && !left_to_others()) return chunk;
    }
  }
  const double left = seconds_left();
  const auto theft = steal_asked(queue, idle, workloads, block_bytes, may_come_twice(left), left);
  if (theft) return theft->chunk;
  return std::nullopt;
}

void transfer::state::heal(time_point now) {
  if (now - last_news < neglect_max || now - healed_at < neglect_max / 4 || queue.missing_bytes() == 0) return;
  healed_at = now;
  for (const auto id : present) {
    source& one = at(id);
    if (!can_be_asked(one) || one.resume || one.probing || !one.requests.empty()) continue;
    if (now - one.idle_since < neglect_max || !queue.interesting(id)) continue;
    const auto chunk = neglected(id, now);
    if (!chunk) continue;
    faults.push_back({id, *chunk});
    one.theft_after = now;
    work_freed = true;
    // It is enough to report this once in a while.
    last_news = now;
    return;
  }
}

void transfer::check_invariants() const {
  const state& s = *state_;
  s.queue.check_invariants();
  s.checks.check_invariants();
  std::size_t claims = 0;
  std::size_t claims_asked = 0;
  for (std::uint32_t i = 0; i < s.info->shape().piece_count(); ++i) {
    SHOAL_ASSERT(s.queue.verified(piece_index{i}) == s.verified.test(i));
    const piece_record* piece = s.queue.begun(piece_index{i});
    if (piece == nullptr) continue;
    std::uint32_t block = 0;
    for (const auto& record : piece->chunks) {
      claims += record.claims.size();
      for (std::uint32_t bit = 0; bit < static_cast<std::uint32_t>(std::popcount(record.blocks)); ++bit, ++block) {
        SHOAL_ASSERT(((record.arrived >> bit & 1) != 0) == s.checks.arrived(piece_index{i}, block));
      }
    }
  }
  for (const auto id : s.present) {
    const state::source& one = *s.sources[id.value()];
    one.requests.check_invariants();
    SHOAL_ASSERT(s.reserved.size() == 0 || id == s.preferred || s.queue.held(id).count_common(s.reserved) == 0);
    SHOAL_ASSERT(s.reserved.size() == 0 || id == s.preferred || s.queue.held(id).within(one.told));
    // A source that had nothing to do is asked again.
    const bool idle = one.requests.empty() && s.can_be_asked(one) && !one.resume && s.queue.interesting(id);
    SHOAL_ASSERT(!idle || one.theft_after <= s.latest || s.idle_check != never || s.work_freed);
    SHOAL_ASSERT((s.can_be_asked(one) && !one.resume) || s.queue.lane(id).empty());
    SHOAL_ASSERT(one.requests.empty() || !one.stalled);
    std::unordered_map<chunk_index, block_mask> live;
    for (const auto& request : one.requests.outstanding()) {
      SHOAL_ASSERT((live[request.chunk] & request.live) == 0);
      live[request.chunk] |= request.live;
    }
    for (const auto& [chunk, blocks] : live) {
      if (blocks == 0) continue;
      SHOAL_ASSERT(s.queue.record(chunk).claimed_by(id) == blocks);
      ++claims_asked;
    }
  }
  SHOAL_ASSERT(claims == claims_asked);
}

}  // namespace shoal
