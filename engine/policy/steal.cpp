#include "policy/steal.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace shoal {

namespace {

bool may_take_over(const chunk_queue& queue, source_id thief, chunk_index chunk) {
  const piece_index index = queue.piece_of(chunk);
  const piece_record* piece = queue.begun(index);
  return piece != nullptr && !piece->exclusive && queue.held(thief).test(index.value());
}

bool is_urgent(const chunk_queue& queue, chunk_index chunk) {
  const auto& urgent = queue.urgent();
  return std::ranges::find(urgent, queue.piece_of(chunk)) != urgent.end();
}

/// Runs of consecutive bits from the highest set bit down.
block_mask highest_run(block_mask mask, std::uint32_t count_max) {
  const auto top = static_cast<std::uint32_t>(std::bit_width(mask));
  const auto run = static_cast<std::uint32_t>(std::countl_one(mask << (64 - top)));
  const std::uint32_t count = std::min(run, count_max);
  return blocks_from(top - count, count);
}

/// The most blocks at the end of `open` that the thief has clearly sooner than after `owner` seconds. May be none.
block_mask gain(const chunk_queue& queue, const workload& thief, chunk_index chunk, block_mask open, double owner,
                std::uint32_t bytes_max) {
  block_mask blocks = highest_run(open, std::max(bytes_max / block_bytes, 1u));
  while (blocks != 0 && !clearly_sooner(seconds_for(thief, queue.bytes_of(chunk, blocks)), owner)) {
    blocks = highest_run(blocks, static_cast<std::uint32_t>(std::popcount(blocks)) / 2);
  }
  return blocks;
}

/// Whether the source can still be told to leave what it begins in `seconds`, so that nothing of it comes. It takes
/// twice the time that is needed, because forecasts are not exact.
bool can_recall(const workload& of, double seconds) {
  return of.known && seconds > 2 * (of.delay + static_cast<double>(beyond_recall_bytes) / of.rate);
}

}  // namespace

double soonest(const chunk_record& record, std::span<const workload> all, chunk_index chunk, block_mask blocks) {
  double seconds = std::numeric_limits<double>::infinity();
  for (const chunk_claim& claim : record.claims) {
    if ((claim.blocks & blocks) == 0) continue;
    const auto one = std::ranges::lower_bound(all, claim.source, {}, &workload::source);
    if (one == all.end() || one->source != claim.source) continue;
    seconds = std::min(seconds, seconds_until(*one, chunk, blocks));
  }
  return seconds;
}

bool clearly_sooner(double thief, double owner) {
  return thief * theft_gain_factor + theft_gain_seconds < owner;
}

std::uint64_t bytes_in_vain(const workload& of, std::uint64_t bytes, double seconds) {
  const auto all = static_cast<double>(bytes);
  if (of.mute > 0) return static_cast<std::uint64_t>(all * std::min(1.0, 2 * seconds / of.mute));
  if (!of.known) return bytes;
  return static_cast<std::uint64_t>(std::min(all, 2 * of.rate * (seconds + of.delay)));
}

std::optional<waiting_theft> steal_waiting(const chunk_queue& queue, const workload& thief,
                                           std::span<const workload> others, theft_scope what) {
  std::optional<waiting_theft> best;
  double best_seconds = 0;
  for (const auto& victim : others) {
    const auto& lane = queue.lane(victim.source);
    if (lane.empty() || victim.source == thief.source) continue;
    const double seconds = seconds_for(victim, queue.lane_bytes(victim.source));
    if (seconds <= best_seconds) continue;
    for (auto chunk = lane.rbegin(); chunk != lane.rend(); ++chunk) {
      if (!may_take_over(queue, thief.source, *chunk)) continue;
      if (what == theft_scope::urgent && !is_urgent(queue, *chunk)) continue;
      const std::uint32_t bytes = queue.bytes_of(*chunk, queue.record(*chunk).open());
      if (!clearly_sooner(seconds_for(thief, bytes), seconds)) continue;
      best = waiting_theft{victim.source, *chunk};
      best_seconds = seconds;
      break;
    }
  }
  return best;
}

std::optional<asked_theft> steal_asked(const chunk_queue& queue, const workload& thief,
                                       std::span<const workload> others, std::uint32_t bytes_max,
                                       std::uint64_t may_come_twice, double left, theft_scope what) {
  std::optional<asked_theft> best;
  double best_seconds = 0;
  const bool urgent = what == theft_scope::urgent;
  const bool last = queue.all_given_out();
  const double least = seconds_for(thief, block_bytes) + (urgent ? theft_gain_urgent : last ? 0 : theft_gain_in_crowd);
  for (const auto& victim : others) {
    if (victim.source == thief.source) continue;
    double done = seconds_busy(victim);
    const auto& requests = victim.requests->outstanding();
    for (auto request = requests.rbegin(); request != requests.rend(); ++request) {
      const double seconds = done;
      done -= static_cast<double>(request->range.bytes) / victim.rate;
      if (seconds <= best_seconds || seconds <= least) break;
      if (request->live == 0 || !may_take_over(queue, thief.source, request->chunk)) continue;
      if (urgent && !is_urgent(queue, request->chunk)) continue;
      const chunk_record& record = queue.record(request->chunk);
      const block_mask open = request->live & ~record.claimed_by(thief.source);
      if (open == 0) continue;
      const double owner = std::min(seconds, soonest(record, others, request->chunk, open));
      if (owner <= best_seconds || owner <= least) continue;
      const block_mask blocks = gain(queue, thief, request->chunk, open, owner, bytes_max);
      if (blocks == 0) continue;
      const std::uint32_t bytes = queue.bytes_of(request->chunk, blocks);
      const double mine = seconds_for(thief, bytes);
      bool recalled =
          thief.known && blocks == request->live && !request->begun && can_recall(victim, done - victim.wait);
      if (!recalled) {
        if (mine * wager_gain_factor > owner || (!last && !urgent && owner < left)) continue;
        if (bytes_in_vain(victim, bytes, mine + left) > may_come_twice) {
          if (owner < mine + theft_gain_beyond_bound + 2 * victim.delay) continue;
          recalled = thief.known && victim.late;
        }
      }
      best = asked_theft{victim.source, request->chunk, blocks, recalled};
      best_seconds = owner;
      break;
    }
  }
  return best;
}

}  // namespace shoal
