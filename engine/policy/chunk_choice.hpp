// Which chunk a source takes next. A new order of chunks belongs here.
//
// Pure functions over the books of chunk_queue. chunk_queue calls them and carries the choice out.
#pragma once

#include <optional>

#include "core/ids.hpp"

namespace shoal {

class chunk_queue;

/// Begun pieces that are compared before one is chosen.
inline constexpr std::uint32_t begun_compared_max = 16;
/// Begun pieces that are looked at to find some to compare.
inline constexpr std::uint32_t begun_scan_max = 64;

/// The queued chunk that the source takes next; nothing if it holds none. Urgent pieces come first. Begun pieces come
/// before new ones, so that few pieces are partial. Then comes the rarest piece (availability::rarest). A source that
/// holds everything is first asked, in the same order, for what no other source has or is promised. It may be the only
/// source that can bring that.
std::optional<chunk_index> choose_chunk(const chunk_queue& queue, source_id source);

/// The first queued chunk of an urgent piece (chunk_queue::on_urgent).
std::optional<chunk_index> next_urgent(const chunk_queue& queue, source_id source);

/// The first queued chunk of the begun piece that lacks least. `nowhere_else`: only pieces that no source has or is
/// promised, except sources that hold everything.
std::optional<chunk_index> next_of_begun(const chunk_queue& queue, source_id source, bool nowhere_else);

}  // namespace shoal
