#include <algorithm>
#include <bit>

#include "core/assert.hpp"
#include "policy/chunk_choice.hpp"
#include "policy/steal.hpp"
#include "policy/transfer_state.hpp"

namespace shoal {

namespace {

// Rates change slowly. The rates of all sources are not computed again within this time.
constexpr duration look_interval = std::chrono::milliseconds(10);
// Their sum is not computed again within this time, while there is plenty to do.
constexpr duration look_interval_busy = std::chrono::milliseconds(20);
// A request is at most what is missing, divided by this and by the number of sources. Whatever becomes of a source,
// what it has begun to send is then little of a small file.
constexpr std::uint64_t part_of_missing = 32;
// So many idle sources look for something to take as often as each of them likes.
constexpr std::size_t crowd_that_looks = 32;
// An owner of an exclusive piece is late if it needs so many times, and so many seconds, longer than another source for
// all of it.
constexpr double owner_late_factor = 2;
constexpr double owner_late_seconds = 1;

}  // namespace

// Requests.

bool transfer::state::fill_lane(source_id id, time_point now) {
  while (queue.lane(id).size() < lane_waiting_max) {
    const auto chunk = queue.next_chunk(id);
    if (!chunk) break;
    const piece_index piece = queue.piece_of(*chunk);
    if (queue.begun(piece)->exclusive) apply(piece, checks.on_owner(piece, id), now);
  }
  return !queue.lane(id).empty();
}

std::uint32_t transfer::state::bytes_in_time(source_id id, const source& one, time_point now) {
  if (one.probing) return block_bytes;
  std::uint32_t bytes = one.window.request_bytes();
  const std::uint64_t part = queue.missing_bytes() / (part_of_missing * present.size());
  while (bytes > std::max<std::uint64_t>(part, request_bytes_initial)) bytes /= 2;
  look(now, look_interval_busy);
  if (rate_all <= 0) return std::max(bytes / block_bytes * block_bytes, block_bytes);
  const workload own = workload_of(id, now);
  if (own.late && !own.known) return 0;
  const double left = seconds_left();
  while (bytes > block_bytes && static_cast<double>(bytes) / own.rate > left) bytes /= 2;
  bytes = std::max(bytes / block_bytes * block_bytes, block_bytes);
  const double takes = seconds_for(own, bytes) + own.risk;
  if (takes <= left) return bytes;
  const auto& lane = queue.lane(id);
  const auto next = lane.empty() ? choose_chunk(queue, id) : std::optional(lane.front());
  if (!next) return bytes;
  if (!others_sooner(id, queue.piece_of(*next), bytes, takes)) return bytes;
  // The rarest piece may be one that nobody else brings.
  const auto rarest = queue.rarity().rarest(queue.held(id));
  return rarest && !others_sooner(id, *rarest, bytes, takes) ? bytes : 0;
}

std::optional<byte_range> transfer::state::steal(source_id id, source& one, std::uint32_t bytes_max, time_point now,
                                                 theft_scope what) {
  look(now, look_interval);
  refresh_pending();
  // Kept. Otherwise two sources that each seem much faster than the other was would rob each other without end.
  const auto place = std::ranges::lower_bound(workloads, id, {}, &workload::source);
  SHOAL_ASSERT(place != workloads.end() && place->source == id);
  workload& thief = *place = workload_of(id, now);
  // A source that rejects does not make others leave what they have in hand.
  thief.known = thief.known && one.reject_pause == duration::zero();
  if (const auto theft = steal_waiting(queue, thief, workloads, what)) {
    queue.on_stolen_waiting(id, theft->victim, theft->chunk);
    ++total.chunks_stolen;
    return ask(id, one, *queue.next_range(id, bytes_max), now);
  }
  const double left = seconds_left();
  const auto theft = steal_asked(queue, thief, workloads, bytes_max, may_come_twice(left), left, what);
  if (!theft) return std::nullopt;
  if (theft->recalled) {
    void_claims.clear();
    queue.on_taken_over(id, theft->chunk, theft->blocks, void_claims);
    for (const auto& claim : void_claims) expect_no_more(claim.source, theft->chunk, claim.blocks);
  } else {
    const std::uint32_t bytes = queue.bytes_of(theft->chunk, theft->blocks);
    for (const auto& claim : queue.record(theft->chunk).claims) {
      at(claim.source).requests.on_wagered(theft->chunk, theft->blocks, bytes);
    }
    queue.on_asked_too(id, theft->chunk, theft->blocks);
  }
  ++total.chunks_stolen;
  const auto first = static_cast<std::uint32_t>(std::countr_zero(theft->blocks));
  const auto count = static_cast<std::uint32_t>(std::popcount(theft->blocks));
  return ask(id, one, queue.range_of(theft->chunk, first, count), now);
}

std::optional<byte_range> transfer::state::steal_urgent(source_id id, source& one, time_point now) {
  if (queue.urgent().empty() || now < one.urgent_after || !trusted(one) || next_urgent(queue, id)) return std::nullopt;
  const auto range = steal(id, one, one.window.request_bytes(), now, theft_scope::urgent);
  if (!range) one.urgent_after = next_theft(now);
  return range;
}

time_point transfer::state::next_theft(time_point now) {
  idle_check = std::min(idle_check, now + idle_check_interval);
  // To look costs as much as there are sources. So all of them together look no more often, however many they are.
  return now + theft_interval * std::max<std::size_t>(1, present.size() / crowd_that_looks);
}

bool transfer::state::relieve_owner(const workload& thief, time_point now) {
  for (const piece_index piece : queue.exclusive_pieces()) {
    const piece_record& record = *queue.begun(piece);
    if (!record.owner || *record.owner == thief.source || !queue.held(thief.source).test(piece.value())) continue;
    const double mine = seconds_for(thief, info->shape().piece_size(piece));
    const workload owner = workload_of(*record.owner, now);
    const double theirs = seconds_for(owner, std::uint64_t{record.missing_blocks} * block_bytes);
    if (mine * owner_late_factor + owner_late_seconds >= theirs) continue;
    std::vector<std::pair<chunk_index, block_mask>> ended;
    const source_id late = *record.owner;
    queue.on_owner_late(piece, ended);
    for (const auto& [chunk, blocks] : ended) expect_no_more(late, chunk, blocks);
    return true;
  }
  return false;
}

std::optional<byte_range> transfer::state::ask(source_id id, source& one, const byte_range& range, time_point now) {
  sent_request request;
  request.range = range;
  request.chunk = info->shape().chunk_at(range.piece, range.begin);
  const std::uint32_t first = range.begin % info->shape().chunk_bytes() / block_bytes;
  request.blocks = blocks_from(first, blocks_of(range.bytes));
  request.live = request.blocks;
  request.sent = now;
  if (!one.owes_since) {
    one.owes_since = now;
  } else if (one.requests.empty()) {
    // The source owed something before, and that was called back. The time since does not count.
    *one.owes_since += now - one.idle_since;
  }
  one.requests.on_sent(request);
  one.window.on_sent(now);
  SHOAL_ASSERT((queue.record(request.chunk).claimed_by(id) & request.live) == request.live);
  return range;
}

std::optional<byte_range> transfer::next_request(source_id source, time_point now) {
  state& s = *state_;
  s.latest = now;
  auto& one = s.at(source);
  if (one.resume && *one.resume <= now) one.resume.reset();
  if (!s.can_be_asked(one) || one.resume || !s.queue.interesting(source)) return std::nullopt;
  if (one.probing && !one.requests.empty()) return std::nullopt;
  const std::uint32_t bytes = one.window.request_bytes();
  if (!one.window.admits(one.requests.bytes(), one.requests.size(), one.probing ? block_bytes : bytes)) {
    return std::nullopt;
  }
  if (const auto range = s.steal_urgent(source, one, now)) return range;
  const std::uint32_t in_time = s.bytes_in_time(source, one, now);
  if (in_time > 0 && s.fill_lane(source, now)) return s.ask(source, one, *s.queue.next_range(source, in_time), now);
  // Others bring sooner what waits in this lane.
  if (in_time == 0 && s.queue.on_lane_released(source) > 0) {
    s.work_freed = true;
    s.idle_check = std::min(s.idle_check, now + idle_check_interval);
  }
  if (now < one.theft_after) {
    s.idle_check = std::min(s.idle_check, one.theft_after);
    return std::nullopt;
  }
  // A source that rejects, or of which nothing is known, takes from others only one request at a time.
  if (!state::trusted(one) && !one.requests.empty()) {
    s.idle_check = std::min(s.idle_check, now + idle_check_interval);
    return std::nullopt;
  }
  if (const auto range = s.steal(source, one, std::max(in_time, block_bytes), now, theft_scope::any)) return range;
  if (in_time > 0 && !s.queue.exclusive_pieces().empty() && s.relieve_owner(s.workload_of(source, now), now) &&
      s.fill_lane(source, now)) {
    return s.ask(source, one, *s.queue.next_range(source, in_time), now);
  }
  one.theft_after = s.next_theft(now);
  return std::nullopt;
}

std::optional<byte_range> transfer::next_cancel(source_id source) {
  return state_->at(source).requests.next_cancel();
}

std::optional<piece_index> transfer::lied_about(source_id source) const {
  return source.value() < state_->lied.size() ? state_->lied[source.value()] : std::nullopt;
}

std::optional<source_id> transfer::next_ban() {
  auto& bans = state_->bans;
  if (bans.empty()) return std::nullopt;
  const source_id source = bans.front();
  bans.pop_front();
  return source;
}

std::optional<transfer::fault> transfer::next_fault() {
  auto& faults = state_->faults;
  if (faults.empty()) return std::nullopt;
  const fault first = faults.front();
  faults.pop_front();
  return first;
}

std::optional<transfer::leaf_query> transfer::next_leaf_query(time_point now) {
  state& s = *state_;
  while (const auto failed = s.checks.next_leaf_query()) s.inquiry.on_failed(*failed);
  while (const auto piece = s.inquiry.next_piece()) {
    const auto holder = std::ranges::find_if(s.present, [&](source_id id) {
      return !s.at(id).banned && s.has(id, *piece) && s.inquiry.may_ask(*piece, id);
    });
    if (holder != s.present.end()) {
      s.inquiry.on_asked(*piece, *holder, now);
      return leaf_query{*holder, *piece};
    }
    s.inquiry.on_closed(*piece);
    s.apply(*piece, s.checks.on_leaves_unavailable(*piece), now);
  }
  return std::nullopt;
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
  if (one.paused || one.requests.empty() || !one.owes_since) return never;
  return *one.owes_since + one.window.silence_max(one.requests.outstanding().front().range.bytes);
}

time_point transfer::next_deadline() const {
  const state& s = *state_;
  time_point next = std::min(s.idle_check, s.inquiry.next_deadline());
  for (const auto id : s.present) {
    const state::source& one = *s.sources[id.value()];
    if (!s.paused) next = std::min(next, s.stall_deadline(one));
    if (one.resume) next = std::min(next, *one.resume);
    next = std::min(next, one.probe_at);
  }
  return next;
}

time_point transfer::next_idle_check() const {
  return state_->idle_check;
}

void transfer::state::recall(source_id id, source& one, time_point now) {
  if (present.size() == 1 || one.requests.bytes() <= one.window.bytes_too_many()) return;
  const std::uint64_t keep = std::max(one.window.bytes_max(), one.window.bytes_beyond_recall());
  const auto before = one.requests.size();
  while (one.requests.bytes() > keep) {
    const auto last = one.requests.on_recalled(one.window.bytes_beyond_recall());
    if (!last) break;
    queue.on_released(id, last->chunk, last->live);
    work_freed = true;
  }
  if (one.requests.size() == before) return;
  rest_if_idle(one, now);
  affect(id, one);
}

void transfer::on_deadline(time_point now) {
  state& s = *state_;
  if (now >= s.idle_check) {
    s.idle_check = never;
    s.work_freed = true;
  }
  s.inquiry.on_deadline(now);
  for (const auto id : s.present) {
    state::source& one = s.at(id);
    if (one.resume && *one.resume <= now) {
      one.resume.reset();
      s.work_freed = true;
    }
    if (one.stalled && one.probe_at <= now) {
      one.stalled = false;
      one.probe_at = never;
      s.update_able(id, one);
      s.work_freed = true;
    }
    if (s.paused) continue;
    s.recall(id, one, now);
    if (now < s.stall_deadline(one)) continue;
    one.stalled = true;
    one.probing = true;
    one.probe_at = now + probe_interval;
    s.give_up(id, one, now);
    one.window.on_restart();
  }
  s.latest = now;
  if (!s.paused) s.heal(now);
}

void transfer::on_reading_paused(time_point now) {
  state_->latest = now;
  state_->paused = true;
}

void transfer::on_reading_resumed(time_point now) {
  state& s = *state_;
  s.latest = now;
  s.paused = false;
  s.last_news = now;
  for (const auto id : s.present) {
    state::source& one = s.at(id);
    if (one.owes_since) one.owes_since = std::max(*one.owes_since, now);
    one.window.on_skip(now);
  }
}

void transfer::on_source_paused(source_id source, time_point now) {
  state_->latest = now;
  state_->at(source).paused = true;
}

void transfer::on_source_resumed(source_id source, time_point now) {
  state& s = *state_;
  s.latest = now;
  s.last_news = now;
  state::source& one = s.at(source);
  one.paused = false;
  // What it did meanwhile is not known, so its silence begins now.
  if (one.owes_since) one.owes_since = std::max(*one.owes_since, now);
  one.delivered_at = std::max(one.delivered_at, now);
}

void transfer::on_urgent(std::vector<piece_index> pieces) {
  state& s = *state_;
  std::erase_if(pieces,
                [&s](piece_index one) { return one.value() >= s.verified.size() || s.verified.test(one.value()); });
  if (pieces.size() > urgent_pieces_max) pieces.resize(urgent_pieces_max);
  s.queue.on_urgent(std::move(pieces));
  s.work_freed = true;
}

void transfer::on_limit(std::uint64_t bytes_per_second) {
  state_->limit = bytes_per_second;
}

}  // namespace shoal
