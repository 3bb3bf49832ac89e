// A share whose blocks have digests but no bytes. Digests are all that verification needs. All nodes of a simulation
// share it.
//
// Each block has a digest of its own. So a block in the wrong place fails verification, as in the product. Built
// through content/metainfo and content/merkle. Immutable.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "content/metainfo.hpp"

namespace shoal::simulate {

class synthetic_share {
 public:
  /// One file of `bytes` bytes in pieces of `piece_bytes` (a power of two).
  synthetic_share(std::uint64_t bytes, std::uint32_t piece_bytes);

  const metainfo_ptr& info() const { return info_; }
  const geometry& shape() const { return info_->shape(); }
  /// The right digests of all blocks of a piece.
  std::span<const digest> leaves(piece_index piece) const;
  /// The digest of a block that a liar sent.
  static digest wrong(digest right);

 private:
  metainfo_ptr info_;
  std::vector<digest> leaves_;
};

}  // namespace shoal::simulate
