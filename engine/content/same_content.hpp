// Which pieces of a share are in content that is here already, in other shares: their hashes say so (BEP 52).
//
// Names and places do not matter. A file with the same root is the same whatever the sizes of the pieces; else pieces
// are compared, wherever they stand: where the sizes differ, the hashes of the smaller ones are raised to the larger.
// Pure. What is found is a hint: the bytes may have changed since, and are verified like all others.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "content/metainfo.hpp"
#include "core/bitmap.hpp"

namespace shoal {

/// Content that is here, as far as `verified` says (piece_count bits). `info` has its layers.
struct known_pieces {
  metainfo_ptr info;
  bitmap verified;
};

/// Where the bytes of a piece are.
struct piece_place {
  std::uint32_t content = nowhere;  ///< position in the list that was searched
  file_index file{};
  std::uint64_t offset = 0;  ///< within the file

  static constexpr std::uint32_t nowhere = 0xffffffff;
  bool known() const { return content != nowhere; }
  friend bool operator==(const piece_place&, const piece_place&) = default;
};

/// For each piece of `wanted` where else it is, those of `missing` only (piece_count bits). Empty if there is none.
/// Takes about a second for ten million pieces that are here.
std::vector<piece_place> find_same_content(const metainfo& wanted, const bitmap& missing,
                                           std::span<const known_pieces> here);

}  // namespace shoal
