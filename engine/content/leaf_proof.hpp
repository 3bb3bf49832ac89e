// Whether leaf hashes that a peer sent (BEP 52 hash request) are those of a piece.
//
// The hash of the piece is known from the piece layer. So leaves of a whole piece need no proof up to the root of the
// file. Programs differ in how many ancestor layers they send for one request, and are no liars for that. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "content/merkle.hpp"
#include "content/metainfo.hpp"

namespace shoal {

enum class leaf_proof : std::uint8_t {
  right,
  incomplete,  ///< another number of hashes than was asked for, and they prove nothing
  wrong,       ///< they are not the hashes of what they claim to be
};

/// `asked`: leaves of `piece`, from its first one on if it has no more than asked.count; it may be one part of several
/// otherwise. `info` has its layers.
leaf_proof check_leaves(const metainfo& info, piece_index piece, const hash_range& asked,
                        std::span<const digest> hashes);

}  // namespace shoal
