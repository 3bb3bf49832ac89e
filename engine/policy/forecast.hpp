// When each source will have delivered what it was asked for: what stealing by time compares.
//
// A workload is what one source is busy with at one moment. Its figures come from what was measured: the rate, the time
// to the first byte, and how long the source has been silent. A silence is expected to last as long again as it has
// lasted, so a source that stalls is late at once and later with each moment. Pure; transfer makes the workloads, steal
// compares them.
#pragma once

#include <cstdint>

#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "policy/request_list.hpp"

namespace shoal {

/// A source that sends nothing for less than this, or for less than two blocks take at its rate, is not late yet.
inline constexpr duration silence_usual = std::chrono::milliseconds(25);
/// A source that stood still before may do so again. So many seconds are counted for it at most.
inline constexpr double stood_still_max = 1.0;
/// Each answer makes it that much less likely.
inline constexpr double stood_still_kept = 0.98;
/// Rate of a source of which nothing is known, in bytes per second: as much as its first window gives it credit for.
inline constexpr double rate_presumed = 500e6;

/// What a source's kernel holds cannot be called back any more: as much as our own uploader lets it hold unsent.
inline constexpr std::uint64_t beyond_recall_bytes = 128 * KiB;

struct workload {
  source_id source;
  double rate = rate_presumed;  ///< bytes per second, more than 0
  double delay = 0;             ///< seconds from a request to its first byte, while nothing else is asked for
  double wait = 0;              ///< seconds until its next byte is expected, if any is
  double mute = 0;              ///< seconds that it has sent nothing though it should, also of what was withdrawn
  double risk = 0;              ///< seconds that it may stand still, as it did before
  bool known = false;           ///< the rate was measured
  bool late = false;            ///< it sends nothing though it should
  std::uint64_t pending = 0;    ///< bytes asked for that have not come
  const request_list* requests = nullptr;  ///< outlives the workload
};

/// How long a silence of `quiet` is expected to last from now on, in seconds: as long again, or not at all while it is
/// usual at this rate.
double silence_expected(duration quiet, double rate);

/// Seconds until the source has delivered all that it was asked for.
double seconds_busy(const workload& of);
/// Seconds until the source has delivered `bytes` more, asked for now.
double seconds_for(const workload& of, std::uint64_t bytes);
/// Seconds until the source has delivered these blocks, the last of them if it was asked in several requests; never if
/// it was not asked for them.
double seconds_until(const workload& of, chunk_index chunk, block_mask blocks);

}  // namespace shoal
