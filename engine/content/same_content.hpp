// Which pieces of a share are in content that is here already, in other shares. Their hashes say so (BEP 52).
//
// Names and places do not matter. A file with the same root is the same, whatever the sizes of the pieces. Otherwise
// pieces are compared, wherever they are. Where the sizes differ, the hashes of the smaller pieces are raised to the
// larger size. Pure. What is found is a hint: the bytes may have changed since, and are verified like all others.
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

/// For each piece of `wanted` that is in `missing` (piece_count bits): where else it is. Empty if nothing was found.
/// Takes about a second for ten million pieces that are here.
std::vector<piece_place> find_same_content(const metainfo& wanted, const bitmap& missing,
                                           std::span<const known_pieces> here);

}  // namespace shoal
