// What an idle source takes from whom: the place for a new policy of stealing.
//
// Pure functions over the books (chunk_queue, request_list) and the measured rates; transfer calls them in
// this order when a source has nothing left to take, and carries out what they say:
//   steal_waiting    a chunk that waits in the lane of the source that will take longest with what it has;
//   steal_in_flight  at the end, blocks not yet arrived of a chunk in flight at a much slower source;
//   duplicate_tail   in the endgame, blocks in flight elsewhere, asked for a second time.
// Each takes only what the thief is expected to have sooner than the victim, so that nothing goes to and fro.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/ids.hpp"
#include "core/time.hpp"
#include "policy/chunk_queue.hpp"
#include "policy/request_list.hpp"

namespace shoal {

/// A source may lose blocks in flight to one that is this many times faster.
inline constexpr double steal_rate_ratio = 3.0;

/// What a source is busy with, apart from its lane.
struct workload {
  source_id source;
  double rate = 0;   ///< bytes per second, a present silence included; 0: unknown
  duration delay{};  ///< from a request to its first byte
  const request_list* requests = nullptr;
};

struct theft {
  source_id victim;
  chunk_index chunk;
  block_mask blocks = 0;
};

/// `others` may contain the thief. `blocks` of the theft are those open, for information.
std::optional<theft> steal_waiting(const chunk_queue& queue, const workload& thief, std::span<const workload> others);

/// The blocks are divided so that both finish at about the same time; the victim keeps the first. Nothing while any
/// chunk is queued: in a crowd rates differ all the time, and thieves that are idle only because they hold nothing new
/// would take blocks to and fro, each time with a request on its way that cannot be called back.
std::optional<theft> steal_in_flight(const chunk_queue& queue, const workload& thief, std::span<const workload> others);

/// Consecutive blocks of one request of the victim, at most `bytes_max`, that nobody else was asked for:
/// those that it will deliver last, about as many as make both finish at the same time. So several idle
/// sources divide the rest among them, and no block has more than two owners. Nothing while any chunk is
/// queued.
std::optional<theft> duplicate_tail(const chunk_queue& queue, const workload& thief, std::span<const workload> others,
                                    std::uint32_t bytes_max);

}  // namespace shoal
