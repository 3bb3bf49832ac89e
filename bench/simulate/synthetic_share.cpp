#include "simulate/synthetic_share.hpp"

#include <bit>
#include <cstring>

#include "content/merkle.hpp"
#include "core/assert.hpp"

namespace shoal::simulate {

synthetic_share::synthetic_share(std::uint64_t bytes, std::uint32_t piece_bytes) {
  const std::uint64_t sizes[] = {bytes};
  const geometry shape(piece_bytes, sizes);
  leaves_.resize(blocks_of(bytes));
  for (std::uint64_t block = 0; block < leaves_.size(); ++block) {
    const std::uint64_t number = block + 1;
    std::memcpy(leaves_[block].bytes.data(), &number, sizeof number);
  }
  const std::uint32_t full = piece_bytes / block_bytes;
  std::vector<digest> layer;
  for (std::uint32_t i = 0; i < shape.piece_count(); ++i) {
    const auto first = leaves_.begin() + std::ptrdiff_t{i} * full;
    layer.push_back(piece_root(std::span(first, shape.piece_blocks(piece_index{i})), full, shape.piece_count() == 1));
  }
  std::vector<file_entry> files(1);
  files[0].path = "share";
  files[0].size = bytes;
  files[0].root = layer.size() == 1 ? layer[0] : merkle_root(layer, static_cast<std::uint32_t>(std::countr_zero(full)));
  if (layer.size() == 1) layer.clear();
  auto built = metainfo::build("share", false, piece_bytes, std::move(files), {std::move(layer)});
  SHOAL_ASSERT(built);
  info_ = *built;
}

std::span<const digest> synthetic_share::leaves(piece_index piece) const {
  const std::size_t first = std::size_t{piece.value()} * (shape().piece_bytes() / block_bytes);
  return std::span(leaves_).subspan(first, shape().piece_blocks(piece));
}

digest synthetic_share::wrong(digest right) {
  right.bytes.back() ^= 0xff;
  return right;
}

}  // namespace shoal::simulate
