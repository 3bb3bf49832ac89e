// What an idle source takes from whom. A new policy of stealing belongs here.
//
// Pure functions over the books (chunk_queue, request_list) and the forecasts. When a source has nothing left to take,
// transfer calls them in this order and carries out what they say:
//   steal_waiting   a chunk that waits in the lane of the source that will take longest with what it has;
//   steal_asked     blocks that other sources were asked for: those that are expected last.
// A source takes only blocks that it is expected to have clearly sooner than every source that was asked. So each theft
// makes the expected end of the download earlier, and nothing goes to and fro. And nothing is locked: a source that
// sends nothing is expected later with each moment, until every other source is sooner. DESIGN: "Stealing by time".
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
/// If both sources may deliver a block, the thief must be sooner by this factor.
inline constexpr double wager_gain_factor = 2;
/// Applies while chunks are queued that the thief does not hold. The thief takes only blocks that are expected so many
/// seconds later than it would bring them. In a crowd rates differ all the time, and many thieves are idle only because
/// they hold nothing new. Without this they would take blocks to and fro, each time with a request on its way that
/// cannot be called back.
inline constexpr double theft_gain_in_crowd = 1.0;
/// Applies when the bytes that may come twice are used up. A block is then worth another request only if it comes
/// sooner by so many seconds plus twice the delay of the asked source.
inline constexpr double theft_gain_beyond_bound = 0.75;

/// Seconds until the first of the sources that were asked for any of these blocks has them; infinite if none was. `all`
/// is sorted by source. It costs one look for each source that was asked, because a stranger can make a crowd of them.
double soonest(const chunk_record& record, std::span<const workload> all, chunk_index chunk, block_mask blocks);

/// Whether a thief that takes `thief` seconds is clearly sooner than an owner that takes `owner` seconds.
bool clearly_sooner(double thief, double owner);

/// How many of `bytes` the source is expected to send in vain, if another source is also asked and all is over in
/// `seconds`. That is twice what the source delivers until then, because rates change. A silence is expected to last as
/// long again. For a source of unknown rate, all bytes.
std::uint64_t bytes_in_vain(const workload& of, std::uint64_t bytes, double seconds);

/// A block that somebody waits for is worth another request if it comes sooner by so many seconds.
inline constexpr double theft_gain_urgent = 0.1;

enum class theft_scope : std::uint8_t {
  any,
  urgent,  ///< only of urgent pieces (chunk_queue::on_urgent), whatever else is to come
};

struct waiting_theft {
  source_id victim;
  chunk_index chunk;
};
/// `others` may contain the thief.
std::optional<waiting_theft> steal_waiting(const chunk_queue& queue, const workload& thief,
                                           std::span<const workload> others, theft_scope what = theft_scope::any);

struct asked_theft {
  source_id victim;  ///< expected last
  chunk_index chunk;
  block_mask blocks = 0;  ///< consecutive
  /// True: the victim is told to leave the blocks. Either it still can, and nothing comes twice; or it is silent, and
  /// the bound is reached. False: both sources are asked, and the first to deliver makes the other's request void.
  bool recalled = false;
};
/// Takes at most `bytes_max`, of one request. `others` has every source that was asked for anything, sorted by source.
/// `may_come_twice`, in bytes, is exceeded only where that makes the end clearly sooner, so the bound never locks
/// anything. `left`: seconds that all sources together need for all that is missing.
std::optional<asked_theft> steal_asked(const chunk_queue& queue, const workload& thief,
                                       std::span<const workload> others, std::uint32_t bytes_max,
                                       std::uint64_t may_come_twice, double left, theft_scope what = theft_scope::any);

}  // namespace shoal
