// The work-stealing queue of fixed-size chunks over sources: who fetches what.
//
// Every chunk that is not done is in exactly one state: `queued` (nobody's), `waiting` (in one source's lane, not asked
// for yet), `in flight` (some of its blocks asked for, from at most two sources), `stored`-pending (all blocks arrived,
// piece not verified yet). A source takes chunks from the queue into its lane, rarest piece first, and asks from the
// front of the lane. A source with nothing to take steals: waiting chunks from the back of the slowest source's lane
// that it also holds; else blocks not yet arrived of a chunk in flight at a source at least steal_rate_ratio times
// slower (split at block borders); at the very end one duplicate of what is in flight elsewhere. Blocks that arrived
// stay whoever brought them. Nothing is ever forgotten: when a source goes, what it had and did not deliver is queued
// again at once. Pure; owned by transfer, which decides when; no clock.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "content/geometry.hpp"
#include "core/bitmap.hpp"
#include "core/ids.hpp"
#include "policy/availability.hpp"

namespace shoal {

/// Blocks of one chunk, bit i for block i.
using block_mask = std::uint64_t;

/// A source may lose chunks in flight to one that is this many times faster.
inline constexpr double steal_rate_ratio = 3.0;
/// Chunks a lane holds beyond those asked for: enough to keep a source busy between two visits, few enough to steal
/// little back.
inline constexpr std::uint32_t lane_waiting_max = 4;

class chunk_queue;  // interface below is what transfer needs; the implementer may refine it with good reason

}  // namespace shoal
