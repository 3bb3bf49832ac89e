// Which chunk a source takes next: the place for a new order of chunks.
//
// Pure functions over the books of chunk_queue, which calls them and carries the choice out.
#pragma once

#include <optional>

#include "core/ids.hpp"

namespace shoal {

class chunk_queue;

/// Begun pieces that are compared before one is chosen.
inline constexpr std::uint32_t begun_compared_max = 16;
/// Begun pieces that are looked at in search of some to compare.
inline constexpr std::uint32_t begun_scan_max = 64;

/// The queued chunk that the source should take next, or nothing if it holds none: pieces that are begun before new
/// ones, so that few are partial, then the rarest piece (availability::rarest). A source that holds everything is asked
/// first, by the same order, for what no other source has or is promised: it may be the only one that can bring it.
std::optional<chunk_index> choose_chunk(const chunk_queue& queue, source_id source);

/// The first queued chunk of the begun piece that lacks least. `nowhere_else`: only of pieces that nobody but sources
/// that hold everything has or is promised.
std::optional<chunk_index> next_of_begun(const chunk_queue& queue, source_id source, bool nowhere_else);

}  // namespace shoal
