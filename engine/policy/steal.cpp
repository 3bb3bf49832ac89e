#include "policy/steal.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace shoal {

namespace {

/// Rates to compare two sources by: as measured, or equal if one of them is unknown.
struct rates {
  double thief;
  double victim;
};

rates rates_of(const workload& thief, const workload& victim) {
  if (thief.rate <= 0 || victim.rate <= 0) return {1.0, 1.0};
  return {thief.rate, victim.rate};
}

/// Seconds until the thief, whose lane is empty, has `bytes` more. Its delay counts only if rates are in bytes per
/// second.
double thief_seconds(const workload& thief, const rates& rate, std::uint64_t bytes) {
  const double delay = rate.thief > 1.0 ? std::chrono::duration<double>(thief.delay).count() : 0.0;
  return delay + static_cast<double>(thief.requests->bytes() + bytes) / rate.thief;
}

bool may_take_over(const chunk_queue& queue, source_id thief, chunk_index chunk) {
  const piece_index index = queue.piece_of(chunk);
  const piece_record* piece = queue.begun(index);
  return piece != nullptr && !piece->exclusive && queue.held(thief).test(index.value());
}

/// How many of `blocks` blocks the thief should do, so that both finish together.
std::uint32_t share_of_thief(std::uint32_t blocks, const rates& rate) {
  const double share = static_cast<double>(blocks) * rate.thief / (rate.thief + rate.victim);
  return static_cast<std::uint32_t>(std::lround(share));
}

/// The `count` highest bits of `mask`.
block_mask highest(block_mask mask, std::uint32_t count) {
  block_mask taken = 0;
  for (; count > 0 && mask != 0; --count) {
    const block_mask top = std::bit_floor(mask);
    taken |= top;
    mask &= ~top;
  }
  return taken;
}

/// Runs of consecutive bits from the highest set bit down.
block_mask highest_run(block_mask mask, std::uint32_t count_max) {
  const auto top = static_cast<std::uint32_t>(std::bit_width(mask));
  const auto run = static_cast<std::uint32_t>(std::countl_one(mask << (64 - top)));
  const std::uint32_t count = std::min(run, count_max);
  return blocks_from(top - count, count);
}

}  // namespace

std::optional<theft> steal_waiting(const chunk_queue& queue, const workload& thief, std::span<const workload> others) {
  std::optional<theft> best;
  double best_seconds = 0;
  for (const auto& victim : others) {
    const auto& lane = queue.lane(victim.source);
    if (lane.empty() || victim.source == thief.source) continue;
    const rates rate = rates_of(thief, victim);
    const double seconds =
        static_cast<double>(victim.requests->bytes() + queue.lane_bytes(victim.source)) / rate.victim;
    // Where a rate is unknown seconds are bytes, which puts that source first: it is better relieved than
    // trusted.
    if (seconds <= best_seconds) continue;
    for (auto chunk = lane.rbegin(); chunk != lane.rend(); ++chunk) {
      if (!may_take_over(queue, thief.source, *chunk)) continue;
      const block_mask open = queue.record(*chunk).open();
      if (thief_seconds(thief, rate, queue.bytes_of(*chunk, open)) >= seconds) continue;
      best = theft{victim.source, *chunk, open};
      best_seconds = seconds;
      break;
    }
  }
  return best;
}

std::optional<theft> steal_in_flight(const chunk_queue& queue, const workload& thief,
                                     std::span<const workload> others) {
  if (!queue.all_given_out()) return std::nullopt;
  std::optional<theft> best;
  double best_seconds = 0;
  for (const auto& victim : others) {
    if (victim.source == thief.source || victim.rate <= 0 || thief.rate < steal_rate_ratio * victim.rate) continue;
    const rates rate = rates_of(thief, victim);
    const auto& requests = victim.requests->outstanding();
    std::uint64_t bytes = victim.requests->bytes();
    for (auto request = requests.rbegin(); request != requests.rend(); ++request) {
      const double seconds = static_cast<double>(bytes) / rate.victim;
      bytes -= request->range.bytes;
      if (seconds <= best_seconds) break;
      if (request->live == 0 || !may_take_over(queue, thief.source, request->chunk)) continue;
      const chunk_record& record = queue.record(request->chunk);
      if (record.lane) continue;
      const block_mask blocks = record.claimed_by(victim.source) & record.claimed_once();
      if (blocks == 0) continue;
      const auto count = static_cast<std::uint32_t>(std::popcount(blocks));
      const block_mask taken = highest(blocks, std::max(share_of_thief(count, rate), 1u));
      if (thief_seconds(thief, rate, queue.bytes_of(request->chunk, taken)) >= seconds) continue;
      best = theft{victim.source, request->chunk, taken};
      best_seconds = seconds;
      break;
    }
  }
  return best;
}

std::optional<theft> duplicate_tail(const chunk_queue& queue, const workload& thief, std::span<const workload> others,
                                    std::uint32_t bytes_max) {
  if (!queue.all_given_out()) return std::nullopt;
  std::optional<theft> best;
  double best_seconds = 0;
  for (const auto& victim : others) {
    if (victim.source == thief.source) continue;
    const rates rate = rates_of(thief, victim);
    const auto& requests = victim.requests->outstanding();
    std::uint64_t bytes = victim.requests->bytes();
    std::uint32_t alone = 0;
    for (const auto& request : requests) {
      if (request.live == 0) continue;
      alone += static_cast<std::uint32_t>(std::popcount(request.live & queue.record(request.chunk).claimed_once()));
    }
    for (auto request = requests.rbegin(); request != requests.rend() && alone != 0; ++request) {
      const double seconds = static_cast<double>(bytes) / rate.victim;
      bytes -= request->range.bytes;
      if (seconds <= best_seconds) break;
      if (request->live == 0 || !may_take_over(queue, thief.source, request->chunk)) continue;
      const block_mask blocks = request->live & queue.record(request->chunk).claimed_once();
      if (blocks == 0) continue;
      const std::uint32_t count = std::min(bytes_max / block_bytes, share_of_thief(alone, rate));
      if (count == 0) break;
      const block_mask taken = highest_run(blocks, count);
      if (thief_seconds(thief, rate, queue.bytes_of(request->chunk, taken)) >= seconds) continue;
      best = theft{victim.source, request->chunk, taken};
      best_seconds = seconds;
      break;
    }
  }
  return best;
}

}  // namespace shoal
