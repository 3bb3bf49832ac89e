#include <algorithm>
#include <bit>

#include "core/assert.hpp"
#include "policy/transfer_state.hpp"

namespace shoal {

namespace {

// Rates change slowly: those of all sources are not computed again within this.
constexpr duration look_interval = std::chrono::milliseconds(10);

}  // namespace

// Requests.

workload transfer::state::look(source_id thief, time_point now) {
  const auto workload_of = [&](source_id id) {
    const source& one = at(id);
    return workload{id, one.window.rate_at(now), one.window.delay(), &one.requests};
  };
  if (now >= workloads_until) {
    workloads_until = now + look_interval;
    workloads.clear();
    for (const auto id : present) workloads.push_back(workload_of(id));
  }
  // Kept, or two that each believe to be much faster than the other was would rob each other in turn without end.
  const auto own =
      std::find_if(workloads.begin(), workloads.end(), [&](const workload& one) { return one.source == thief; });
  SHOAL_ASSERT(own != workloads.end());
  return *own = workload_of(thief);
}

bool transfer::state::fill_lane(source_id id, time_point now) {
  while (queue.lane(id).size() < lane_waiting_max) {
    const auto chunk = queue.next_chunk(id);
    if (!chunk) break;
    const piece_index piece = queue.piece_of(*chunk);
    if (queue.begun(piece)->exclusive) apply(piece, checks.on_owner(piece, id), now);
  }
  return !queue.lane(id).empty();
}

bool transfer::state::steal(const workload& thief) {
  const source_id id = thief.source;
  if (const auto theft = steal_waiting(queue, thief, workloads)) {
    queue.on_stolen_waiting(id, theft->victim, theft->chunk);
  } else if (const auto part = steal_in_flight(queue, thief, workloads)) {
    queue.on_stolen_blocks(id, part->victim, part->chunk, part->blocks);
    expect_no_more(part->victim, part->chunk, part->blocks);
  } else {
    return false;
  }
  ++total.chunks_stolen;
  return true;
}

std::optional<byte_range> transfer::state::ask(source_id id, source& one, const byte_range& range, time_point now) {
  sent_request request;
  request.range = range;
  request.chunk = info->shape().chunk_at(range.piece, range.begin);
  const std::uint32_t first = range.begin % info->shape().chunk_bytes() / block_bytes;
  request.blocks = blocks_from(first, (range.bytes + block_bytes - 1) / block_bytes);
  request.live = request.blocks;
  request.sent = now;
  one.requests.on_sent(request);
  one.window.on_sent(now);
  SHOAL_ASSERT((queue.record(request.chunk).claimed_by(id) & request.live) == request.live);
  return range;
}

std::optional<byte_range> transfer::next_request(source_id source, time_point now) {
  state& s = *state_;
  s.latest = now;
  auto& one = s.at(source);
  if (!s.can_be_asked(one) || (one.resume && now < *one.resume) || !s.queue.interesting(source)) return std::nullopt;
  if (!one.window.admits(one.requests.bytes(), one.requests.size())) return std::nullopt;
  if (s.fill_lane(source, now)) {
    return s.ask(source, one, *s.queue.next_range(source, one.window.request_bytes()), now);
  }
  if (now < one.theft_after) return std::nullopt;
  const workload thief = s.look(source, now);
  if (s.steal(thief)) return s.ask(source, one, *s.queue.next_range(source, one.window.request_bytes()), now);
  if (const auto tail = duplicate_tail(s.queue, thief, s.workloads, one.window.request_bytes())) {
    s.queue.on_duplicated(source, tail->chunk, tail->blocks);
    const auto first = static_cast<std::uint32_t>(std::countr_zero(tail->blocks));
    const auto count = static_cast<std::uint32_t>(std::popcount(tail->blocks));
    return s.ask(source, one, s.queue.range_of(tail->chunk, first, count), now);
  }
  one.theft_after = now + theft_interval;
  s.idle_check = std::min(s.idle_check, now + idle_check_interval);
  return std::nullopt;
}

std::optional<byte_range> transfer::next_cancel(source_id source) {
  return state_->at(source).requests.next_cancel();
}

std::optional<source_id> transfer::next_ban() {
  auto& bans = state_->bans;
  if (bans.empty()) return std::nullopt;
  const source_id source = bans.front();
  bans.pop_front();
  return source;
}

std::optional<piece_index> transfer::next_leaf_query() {
  return state_->checks.next_leaf_query();
}

std::optional<source_id> transfer::next_affected() {
  auto& affected = state_->affected;
  while (!affected.empty()) {
    const source_id id = affected.back();
    affected.pop_back();
    state::source* one = state_->find(id);
    if (one == nullptr) continue;
    one->affected = false;
    return id;
  }
  return std::nullopt;
}

bool transfer::work_freed() {
  return std::exchange(state_->work_freed, false);
}

// Deadlines.

time_point transfer::state::stall_deadline(const source& one) const {
  if (one.requests.empty()) return never;
  const sent_request& head = one.requests.outstanding().front();
  return std::max(one.heard, head.sent) + one.window.silence_max(head.range.bytes);
}

time_point transfer::next_deadline() const {
  const state& s = *state_;
  time_point next = s.idle_check;
  for (const auto id : s.present) {
    const state::source& one = *s.sources[id.value()];
    if (!s.paused) next = std::min(next, s.stall_deadline(one));
    if (one.resume) next = std::min(next, *one.resume);
  }
  return next;
}

void transfer::on_deadline(time_point now) {
  state& s = *state_;
  if (now >= s.idle_check) {
    s.idle_check = never;
    s.work_freed = true;
  }
  for (const auto id : s.present) {
    state::source& one = s.at(id);
    if (one.resume && *one.resume <= now) {
      one.resume.reset();
      s.work_freed = true;
    }
    if (s.paused || now < s.stall_deadline(one)) continue;
    one.stalled = true;
    s.give_up(id, one, now);
    one.window.on_restart();
  }
  s.latest = now;
}

void transfer::on_reading_paused(time_point now) {
  state_->latest = now;
  state_->paused = true;
}

void transfer::on_reading_resumed(time_point now) {
  state& s = *state_;
  s.latest = now;
  s.paused = false;
  for (const auto id : s.present) {
    state::source& one = s.at(id);
    one.heard = std::max(one.heard, now);
    one.window.on_skip(now);
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
    SHOAL_ASSERT(s.can_be_asked(one) || s.queue.lane(id).empty());
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
