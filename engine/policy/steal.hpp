// What an idle source takes from whom: the place for a new policy of stealing.
//
// Pure functions over the books (chunk_queue, request_list) and the forecasts; transfer calls them in this order when a
// source has nothing left to take, and carries out what they say:
//   steal_waiting   a chunk that waits in the lane of the source that will take longest with what it has;
//   steal_asked     blocks that other sources were asked for: those that are expected last.
// A source takes only what it is expected to have clearly sooner than whoever was asked, however many were. So the
// expected end of the download becomes earlier with each theft, nothing goes to and fro, and nothing is locked: a
// source that sends nothing is expected later with each moment, until everybody is sooner. DESIGN: "Stealing by time".
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/ids.hpp"
#include "policy/chunk_queue.hpp"
#include "policy/forecast.hpp"

namespace shoal {

/// A thief must be sooner by this factor and by this many seconds: forecasts are not exact.
inline constexpr double theft_gain_factor = 1.1;
inline constexpr double theft_gain_seconds = 0.002;
/// Who is asked for what may come twice must be sooner by this factor.
inline constexpr double wager_gain_factor = 2;
/// While chunks are queued that the thief does not hold, only what is expected so many seconds later than the thief
/// would bring it is taken. In a crowd rates differ all the time, and thieves that are idle only because they hold
/// nothing new would take blocks to and fro, each time with a request on its way that cannot be called back.
inline constexpr double theft_gain_in_crowd = 1.0;
/// When the bytes that may come twice are used up, a block is worth another request only if it comes so many seconds
/// sooner, and twice the delay of whoever was asked.
inline constexpr double theft_gain_beyond_bound = 0.75;

/// Whether who has it after `thief` seconds is clearly sooner than who has it after `owner` seconds.
bool clearly_sooner(double thief, double owner);

/// How many of `bytes` that the source was asked for are expected to come in vain if another was asked for them as well
/// and all is over in `seconds`: what it delivers until then, twice, because rates change. A silence is expected to
/// last as long again. Of a source of unknown rate, all.
std::uint64_t bytes_in_vain(const workload& of, std::uint64_t bytes, double seconds);

struct waiting_theft {
  source_id victim;
  chunk_index chunk;
};
/// `others` may contain the thief.
std::optional<waiting_theft> steal_waiting(const chunk_queue& queue, const workload& thief,
                                           std::span<const workload> others);

struct asked_theft {
  source_id victim;  ///< expected last
  chunk_index chunk;
  block_mask blocks = 0;  ///< consecutive
  /// The victim is told to leave it: it can still be, and nothing comes twice; or it is silent, and the bound is
  /// reached. Otherwise both are asked, and whoever is first makes the other's request void.
  bool recalled = false;
};
/// At most `bytes_max` of one request. `others` has everybody who was asked for anything. `may_come_twice`: bytes; more
/// only where that makes the end clearly sooner, so that the bound never locks anything. `left`: seconds that all
/// sources together need for all that is missing.
std::optional<asked_theft> steal_asked(const chunk_queue& queue, const workload& thief,
                                       std::span<const workload> others, std::uint32_t bytes_max,
                                       std::uint64_t may_come_twice, double left);

}  // namespace shoal
