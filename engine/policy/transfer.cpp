#include "policy/transfer.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/assert.hpp"
#include "policy/transfer_state.hpp"

namespace shoal {

transfer::state::state(metainfo_ptr share, bitmap pieces, std::uint64_t seed)
    : info(std::move(share)), queue(info->shape(), pieces, seed), checks(info), verified(std::move(pieces)) {
  SHOAL_ASSERT(info->has_layers());
  for (auto i = verified.next_set(0); i < verified.size(); i = verified.next_set(i + 1)) {
    verified_bytes += info->shape().piece_size(piece_index{i});
  }
}

transfer::transfer(metainfo_ptr info, bitmap verified, std::uint64_t seed)
    : state_(std::make_unique<state>(std::move(info), std::move(verified), seed)) {}

transfer::~transfer() = default;

transfer::state::source* transfer::state::find(source_id id) {
  return id.value() < sources.size() ? sources[id.value()].get() : nullptr;
}

transfer::state::source& transfer::state::at(source_id id) {
  source* found = find(id);
  SHOAL_ASSERT(found != nullptr);
  return *found;
}

void transfer::state::update_able(source_id id, const source& one) {
  queue.on_able(id, can_be_asked(one));
  if (id == preferred) reserve();
}

void transfer::state::hear(source_id id, source& one, time_point now) {
  latest = now;
  if (one.stalled || one.probing) one.requests.on_alive();
  if (!one.stalled) return;
  one.stalled = false;
  one.probe_at = never;
  update_able(id, one);
  idle_check = std::min(idle_check, now);
}

void transfer::state::on_delivery(source_id id, source& one, time_point now) {
  hear(id, one, now);
  one.delivered_at = now;
  if (one.owes_since && !paused) {
    const double silent = silence_expected(now - *one.owes_since - one.window.delay(), one.window.rate());
    one.stood_still = std::max(one.stood_still, std::min(silent, stood_still_max));
  }
  if (!one.requests.empty()) one.owes_since = now;
  one.probing = false;
}

void transfer::state::give_up(source_id id, source& one, time_point now) {
  update_able(id, one);
  one.requests.on_given_up();
  total.chunks_requeued += queue.on_all_released(id);
  one.answering = false;
  one.owes_since.reset();
  rest_if_idle(one, now);
  work_freed = true;
}

void transfer::state::ban(source_id id, piece_index piece, time_point now) {
  if (id.value() >= lied.size()) lied.resize(std::size_t{id.value()} + 1);
  if (lied[id.value()]) return;
  lied[id.value()] = piece;
  bans.push_back(id);
  source* one = find(id);
  if (one == nullptr) return;
  one->banned = true;
  give_up(id, *one, now);
}

void transfer::state::rest_if_idle(source& one, time_point now) {
  if (!one.requests.empty()) return;
  one.window.on_idle(now);
  one.idle_since = now;
}

transfer::check transfer::state::apply(piece_index piece, const verification::verdict& verdict, time_point now) {
  latest = now;
  total.bytes_failed += verdict.bytes_failed;
  if (verdict.exclusive) queue.on_exclusive(piece, verdict.suspects);
  if (!verdict.lost.empty()) {
    queue.on_lost(piece, verdict.lost);
    work_freed = true;
  }
  for (const auto liar : verdict.liars) ban(liar, piece, now);
  switch (verdict.result) {
    case verification::verdict::outcome::partial:
      return check::partial;
    case verification::verdict::outcome::failed:
      return check::failed;
    case verification::verdict::outcome::verified:
      break;
  }
  queue.on_verified(piece);
  verified.set(piece.value());
  verified_bytes += info->shape().piece_size(piece);
  return check::verified;
}

// Sources.

source_id transfer::on_source(std::uint32_t request_bytes_max, std::uint32_t requests_max, duration round_trip,
                              time_point now) {
  state& s = *state_;
  s.latest = now;
  const source_id id{static_cast<std::uint32_t>(s.sources.size())};
  s.present.push_back(id);
  // Other sources have room for as much again, and each other peer asks the same sources.
  const std::size_t crowd = std::max(s.present.size(), s.swarm);
  const std::uint64_t start_bytes_max = s.queue.missing_bytes() / (2 * crowd * crowd);
  request_window window(request_bytes_max, requests_max, s.info->shape().chunk_bytes(), round_trip, start_bytes_max);
  if (s.limit != 0) window.on_limit(s.limit / s.present.size());
  s.sources.push_back(std::make_unique<state::source>(std::move(window)));
  s.looked_at = {};
  s.queue.on_source(id);
  if (s.reserved.size() != 0) s.sources.back()->told = bitmap(s.info->shape().piece_count());
  return id;
}

void transfer::on_swarm(std::size_t peers) {
  // Bounded, so that its square does not overflow.
  state_->swarm = std::min<std::size_t>(peers, 1 << 16);
}

void transfer::on_source_gone(source_id source, time_point now) {
  state& s = *state_;
  s.latest = now;
  s.at(source);
  s.inquiry.on_source_gone(source);
  s.total.chunks_requeued += s.queue.on_source_gone(source);
  std::erase(s.present, source);
  s.looked_at = {};
  s.sources[source.value()].reset();
  s.work_freed = true;
  if (source == s.preferred) {
    s.preferred.reset();
    s.reserve();
  }
}

void transfer::on_have(source_id source, piece_index piece, time_point now) {
  state& s = *state_;
  s.latest = now;
  if (piece.value() >= s.info->shape().piece_count()) return;
  if (bitmap& told = s.at(source).told; told.size() != 0) told.set(piece.value());
  if (s.is_reserved(source, piece)) return;
  s.queue.on_have(source, piece);
  if (source == s.preferred) s.reserve(piece);
  // The source may relieve those that have the piece in hand.
  if (s.queue.begun(piece) != nullptr) s.at(source).theft_after = now;
}

void transfer::on_bitmap(source_id source, const bitmap& pieces, time_point now) {
  state& s = *state_;
  s.latest = now;
  // The lane may hold pieces that the source does not hold after all.
  s.total.chunks_requeued += s.queue.on_lane_released(source);
  if (bitmap& told = s.at(source).told; told.size() != 0) told = pieces;
  s.queue.on_bitmap(source, s.unreserved(source, pieces));
  s.at(source).theft_after = now;
  s.work_freed = true;
  if (source == s.preferred) s.reserve();
}

void transfer::on_taken(source_id source, piece_index piece) {
  state& s = *state_;
  if (piece.value() >= s.info->shape().piece_count()) return;
  s.queue.on_promised(piece);
  // A seeder tells the same pieces again with each turn.
  std::uint32_t& told = s.at(source).taken_told;
  told = std::min(told + 1, s.info->shape().piece_count());
}

void transfer::on_returned(source_id, piece_index piece) {
  if (piece.value() < state_->info->shape().piece_count()) state_->queue.on_promise_broken(piece);
}

void transfer::on_choke(source_id source, bool fast, time_point now) {
  state& s = *state_;
  s.latest = now;
  auto& one = s.at(source);
  one.choked = true;
  if (fast) {
    s.update_able(source, one);
    const std::uint32_t given_back = s.queue.on_lane_released(source);
    s.total.chunks_requeued += given_back;
    if (given_back > 0) s.work_freed = true;
  } else {
    s.give_up(source, one, now);
  }
}

void transfer::on_unchoke(source_id source, time_point now) {
  state& s = *state_;
  auto& one = s.at(source);
  one.choked = false;
  one.resume.reset();
  one.idle_since = now;
  s.hear(source, one, now);
  s.update_able(source, one);
}

void transfer::on_reject(source_id source, const byte_range& request, time_point now) {
  state& s = *state_;
  auto& one = s.at(source);
  const auto rejected = one.requests.on_reject(request);
  if (!rejected) return;
  s.hear(source, one, now);
  if (!rejected->cancelled) one.owes_since = now;
  if (one.requests.empty()) one.owes_since.reset();
  s.rest_if_idle(one, now);
  if (rejected->live == 0) return;
  s.queue.on_declined(source, rejected->chunk, rejected->live);
  ++s.total.chunks_requeued;
  s.work_freed = true;
  if (one.choked || one.resume) return;
  if (one.declined < one.taken_told) {
    ++one.declined;
    return;
  }
  one.reject_pause = std::clamp(2 * one.reject_pause, reject_pause_min, reject_pause_max);
  one.resume = now + one.reject_pause;
  s.total.chunks_requeued += s.queue.on_lane_released(source);
}

// Data.

bool transfer::on_piece_begin(source_id source, const byte_range& range, time_point now) {
  state& s = *state_;
  auto& one = s.at(source);
  const auto request = one.requests.on_begin(range);
  if (!request) return false;
  one.window.on_answer(now - request->sent, now);
  one.answering = request->live != 0;
  one.answer_bytes = 0;
  s.on_delivery(source, one, now);
  return true;
}

void transfer::on_bytes(source_id source, std::uint32_t bytes, time_point now) {
  state& s = *state_;
  auto& one = s.at(source);
  one.bytes_received += bytes;
  one.answer_bytes += bytes;
  one.window.on_bytes(bytes, now);
  s.on_delivery(source, one, now);
}

void transfer::state::affect(source_id id, source& one) {
  if (one.affected) return;
  one.affected = true;
  affected.push_back(id);
}

void transfer::state::expect_no_more(source_id id, chunk_index chunk, block_mask blocks) {
  source& one = at(id);
  const auto before = one.requests.size();
  one.requests.on_not_expected(chunk, blocks);
  // The source has something to cancel, and room for another request.
  if (one.requests.size() != before) affect(id, one);
  rest_if_idle(one, latest);
}

block_mask transfer::on_blocks(source_id source, const byte_range& range, time_point now) {
  state& s = *state_;
  s.latest = now;
  auto& one = s.at(source);
  if (!s.info->shape().valid(range) || !one.requests.receiving(range)) return 0;
  const chunk_index chunk = s.info->shape().chunk_at(range.piece, range.begin);
  const std::uint32_t first = range.begin % s.info->shape().chunk_bytes() / block_bytes;
  const std::uint32_t count = blocks_of(range.bytes);
  const piece_record* piece = s.queue.begun(range.piece);
  const bool refused = one.banned || (piece != nullptr && piece->exclusive && piece->owner != source);
  block_mask news = 0;
  if (!refused) {
    s.void_claims.clear();
    news = s.queue.on_arrived(source, chunk, blocks_from(first, count), s.void_claims);
  }
  if (news != 0) {
    s.last_news = now;
    s.expect_no_more(source, chunk, news);
    for (const auto& claim : s.void_claims) s.expect_no_more(claim.source, chunk, claim.blocks);
    const std::uint32_t blocks_per_chunk = s.info->shape().chunk_bytes() / block_bytes;
    const std::uint32_t chunk_first = range.begin / s.info->shape().chunk_bytes() * blocks_per_chunk;
    s.checks.on_blocks(source, range.piece, chunk_first, news);
  }
  s.total.bytes_duplicate += range.bytes - (news == 0 ? 0 : s.queue.bytes_of(chunk, news));
  return news >> first;
}

void transfer::on_piece_end(source_id source, const byte_range& range, time_point now) {
  state& s = *state_;
  auto& one = s.at(source);
  s.on_delivery(source, one, now);
  one.answering = false;
  one.reject_pause = {};
  one.stood_still *= stood_still_kept;
  const auto request = one.requests.on_end(range);
  if (one.requests.empty()) one.owes_since.reset();
  if (request && request->live != 0) {
    s.queue.on_released(source, request->chunk, request->live);
    s.work_freed = true;
  }
  s.rest_if_idle(one, now);
}

transfer::check transfer::on_stored(source_id, piece_index piece, std::uint32_t first_block,
                                    std::span<const digest> leaves, time_point now) {
  return state_->apply(piece, state_->checks.on_stored(piece, first_block, leaves), now);
}

void transfer::on_store_failed(piece_index piece, std::uint32_t first_block, std::uint32_t blocks, time_point now) {
  state_->apply(piece, state_->checks.on_store_failed(piece, first_block, blocks), now);
}

void transfer::on_leaves(piece_index piece, std::span<const digest> leaves, time_point now) {
  state_->inquiry.on_closed(piece);
  state_->apply(piece, state_->checks.on_leaves(piece, leaves), now);
}

void transfer::on_leaves_part(piece_index piece, source_id source, time_point now) {
  state_->inquiry.on_part(piece, source, now);
}

void transfer::on_leaves_refused(piece_index piece, source_id source, time_point now) {
  state_->latest = now;
  state_->inquiry.on_refused(piece, source);
}

bool transfer::leaves_asked(piece_index piece, source_id source) const {
  return state_->inquiry.asked(piece, source);
}

// State.

bool transfer::interesting(source_id source) const {
  return !state_->at(source).banned && state_->queue.interesting(source);
}

const bitmap& transfer::verified() const {
  return state_->verified;
}
std::uint64_t transfer::verified_bytes() const {
  return state_->verified_bytes;
}
bool transfer::complete() const {
  return state_->verified.all();
}
const transfer::totals& transfer::total() const {
  return state_->total;
}

}  // namespace shoal
