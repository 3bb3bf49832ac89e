// Pieces whose bytes are all zero, known by their hashes alone. Nobody has to send them (holes of sparse files).
//
// Pure. The store leaves holes for them. The publisher does not read holes.
#pragma once

#include <cstdint>

#include "content/metainfo.hpp"
#include "core/bitmap.hpp"

namespace shoal {

/// Hash of a piece of `bytes` zeros, as piece_root gives it for its leaves. Takes about a microsecond. `bytes` > 0.
digest zero_piece_hash(std::uint32_t bytes, std::uint32_t piece_blocks_full, bool only_piece_of_file);

/// The pieces of the share that are zeros. Needs has_layers().
bitmap zero_pieces(const metainfo& info);

}  // namespace shoal
