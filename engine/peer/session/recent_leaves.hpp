// The leaf hashes of the pieces that somebody asked for last, so that no piece is read and hashed for every question.
//
// Leaves of one piece take up to 256 KiB, those of a usual one 2 to 32 KiB. Part of share_content; on the network
// thread only.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "content/geometry.hpp"
#include "core/ids.hpp"

namespace shoal {

using leaf_list = std::shared_ptr<const std::vector<digest>>;

class recent_leaves {
 public:
  static constexpr std::size_t pieces_max = 4;

  /// Null if they are not known.
  leaf_list find(piece_index piece) const {
    for (const entry& one : entries_) {
      if (one.leaves && one.piece == piece) return one.leaves;
    }
    return nullptr;
  }
  /// The oldest make room.
  void keep(piece_index piece, leaf_list leaves) {
    if (find(piece)) return;
    entries_[next_] = {piece, std::move(leaves)};
    next_ = (next_ + 1) % pieces_max;
  }

 private:
  struct entry {
    piece_index piece{};
    leaf_list leaves;
  };
  std::array<entry, pieces_max> entries_;
  std::size_t next_ = 0;
};

}  // namespace shoal
