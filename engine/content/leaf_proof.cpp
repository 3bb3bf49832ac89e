#include "content/leaf_proof.hpp"

#include <bit>

namespace shoal {

leaf_proof check_leaves(const metainfo& info, piece_index piece, const hash_range& asked,
                        std::span<const digest> hashes) {
  const geometry& shape = info.shape();
  const file_index file = shape.piece_file(piece);
  const std::uint32_t leaves = shape.piece_blocks(piece);
  if (leaves <= asked.count) {
    if (hashes.size() < leaves) return leaf_proof::incomplete;
    const bool only_piece = shape.file_pieces(file) == 1;
    const digest root = piece_root(hashes.first(leaves), shape.piece_bytes() / block_bytes, only_piece);
    return root == info.piece_hash(piece) ? leaf_proof::right : leaf_proof::wrong;
  }
  const std::uint32_t width = std::bit_ceil(static_cast<std::uint32_t>(blocks_of(shape.file_size(file))));
  if (merkle_verify(asked, hashes, width)) return leaf_proof::right;
  const auto uncles = static_cast<std::uint32_t>(std::countr_zero(width) - std::countr_zero(asked.count));
  return hashes.size() == std::size_t{asked.count} + uncles ? leaf_proof::wrong : leaf_proof::incomplete;
}

}  // namespace shoal
