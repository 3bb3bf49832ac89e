#include "content/zero_pieces.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "content/merkle.hpp"
#include "core/assert.hpp"
#include "core/sha256.hpp"

namespace shoal {

namespace {

/// Of the largest piece: 2^13 blocks.
constexpr std::uint32_t heights = 14;
static_assert(block_bytes << (heights - 1) == piece_bytes_accepted_max);

/// Digest of a subtree over 2^`height` blocks of zeros.
const digest& zeros_subtree(std::uint32_t height) {
  static const auto table = [] {
    std::array<digest, heights> digests{};
    digests[0] = sha256_zeros(block_bytes);
    for (std::size_t i = 1; i < digests.size(); ++i) digests[i] = sha256_node(digests[i - 1], digests[i - 1]);
    return digests;
  }();
  SHOAL_ASSERT(height < heights);
  return table[height];
}

/// Digest of the subtree of this height over `bytes` zeros, with nothing behind them.
digest subtree_of(std::uint32_t height, std::uint64_t bytes) {
  const std::uint64_t span = std::uint64_t{block_bytes} << height;
  if (bytes == span) return zeros_subtree(height);
  if (bytes == 0) return zero_subtree(height);
  if (height == 0) return sha256_zeros(static_cast<std::uint32_t>(bytes));
  const std::uint64_t left = std::min(bytes, span / 2);
  return sha256_node(subtree_of(height - 1, left), subtree_of(height - 1, bytes - left));
}

}  // namespace

digest zero_piece_hash(std::uint32_t bytes, std::uint32_t piece_blocks_full, bool only_piece_of_file) {
  const std::uint32_t blocks = blocks_of(bytes);
  const std::uint32_t width = only_piece_of_file ? std::bit_ceil(blocks) : piece_blocks_full;
  return subtree_of(static_cast<std::uint32_t>(std::countr_zero(width)), bytes);
}

bitmap zero_pieces(const metainfo& info) {
  const geometry& shape = info.shape();
  bitmap zeros(shape.piece_count());
  const std::uint32_t piece_blocks = shape.piece_bytes() / block_bytes;
  const digest full = zero_piece_hash(shape.piece_bytes(), piece_blocks, false);
  for (std::uint32_t i = 0; i < shape.piece_count(); ++i) {
    const piece_index piece{i};
    const std::uint32_t bytes = shape.piece_size(piece);
    const bool only_piece = shape.file_pieces(shape.piece_file(piece)) == 1;
    const bool is_full = bytes == shape.piece_bytes();
    if (info.piece_hash(piece) == (is_full ? full : zero_piece_hash(bytes, piece_blocks, only_piece))) zeros.set(i);
  }
  return zeros;
}

}  // namespace shoal
