// When each source will have delivered what it was asked for. Stealing by time compares these forecasts.
//
// A workload is what one source is busy with at one moment. Its figures come from measurements: the rate, the time to
// the first byte, and the time that the source has been silent. A silence is expected to last as long again as it has
// lasted. So a source that stalls is late at once, and later with each moment. Pure; transfer makes the workloads,
// steal compares them.
#pragma once

#include <cstdint>

#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "policy/request_list.hpp"

namespace shoal {

/// A silence is usual while it is shorter than this, or shorter than the time of two blocks at the source's rate.
inline constexpr duration silence_usual = std::chrono::milliseconds(25);
/// A source that stood still before may do so again. The forecast adds at most so many seconds for that.
inline constexpr double stood_still_max = 1.0;
/// Each answer multiplies that risk by this factor.
inline constexpr double stood_still_kept = 0.98;
/// Presumed rate of an unknown source, in bytes per second: as much as its first window gives credit for.
inline constexpr double rate_presumed = 500e6;

/// Bytes in a source's kernel, which cannot be called back any more. Our own uploader lets the kernel hold as much
/// unsent.
inline constexpr std::uint64_t beyond_recall_bytes = 128 * KiB;

struct workload {
  source_id source;
  double rate = rate_presumed;  ///< bytes per second, more than 0
  double delay = 0;             ///< seconds from a request to its first byte, while nothing else is asked for
  double wait = 0;              ///< seconds until its next byte is expected, if one is
  double mute = 0;              ///< seconds of silence while it should send, also of what was withdrawn
  double risk = 0;              ///< seconds that it may stand still again
  bool known = false;           ///< the rate was measured
  bool late = false;            ///< it sends nothing though it should
  std::uint64_t pending = 0;    ///< bytes asked for that have not come
  const request_list* requests = nullptr;  ///< outlives the workload
};

/// How many seconds from now a silence of `quiet` will last: as long again, or 0 while it is usual at this rate.
double silence_expected(duration quiet, double rate);

/// Seconds until the source has delivered all that it was asked for.
double seconds_busy(const workload& of);
/// Seconds until the source has delivered `bytes` more, asked for now.
double seconds_for(const workload& of, std::uint64_t bytes);
/// Seconds until the source has delivered the last of these blocks. Never if the source was not asked for them.
double seconds_until(const workload& of, chunk_index chunk, block_mask blocks);

}  // namespace shoal
