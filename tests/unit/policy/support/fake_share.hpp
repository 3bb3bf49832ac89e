// A share whose blocks have leaf digests but no bytes: enough for everything that decides.
#pragma once

#include <bit>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "content/merkle.hpp"
#include "content/metainfo.hpp"

namespace shoal::fake {

inline digest leaf(std::uint32_t file, std::uint64_t block) {
  digest value;
  std::memcpy(value.bytes.data(), &block, sizeof block);
  std::memcpy(value.bytes.data() + sizeof block, &file, sizeof file);
  value.bytes[31] = 1;
  return value;
}

/// What a block hashes to that a liar sent.
inline digest wrong_leaf(digest value) {
  value.bytes[30] ^= 0xff;
  return value;
}

struct share {
  metainfo_ptr info;
  std::vector<std::vector<digest>> leaves;  ///< per piece
};

/// `contents`: files with the same number have the same blocks, as far as they reach. If empty, all files differ.
inline share make_share(std::uint32_t piece_bytes, const std::vector<std::uint64_t>& sizes,
                        const std::vector<std::uint32_t>& contents = {}) {
  share made;
  const geometry shape(piece_bytes, sizes);
  const std::uint32_t full = piece_bytes / block_bytes;
  std::vector<file_entry> files(sizes.size());
  std::vector<std::vector<digest>> layers(sizes.size());
  for (std::uint32_t file = 0; file < sizes.size(); ++file) {
    files[file].path = std::to_string(100 + file);
    files[file].size = sizes[file];
    const std::uint32_t pieces = shape.file_pieces(file_index{file});
    for (std::uint32_t i = 0; i < pieces; ++i) {
      const piece_index piece{static_cast<std::uint32_t>(made.leaves.size())};
      std::vector<digest> leaves(shape.piece_blocks(piece));
      for (std::uint32_t block = 0; block < leaves.size(); ++block) {
        leaves[block] = leaf(contents.empty() ? file : contents[file], std::uint64_t{i} * full + block);
      }
      layers[file].push_back(piece_root(leaves, full, pieces == 1));
      made.leaves.push_back(std::move(leaves));
    }
    if (pieces == 1) {
      files[file].root = layers[file].front();
      layers[file].clear();
    } else if (pieces > 1) {
      files[file].root = merkle_root(layers[file], static_cast<std::uint32_t>(std::countr_zero(full)));
    }
  }
  auto info = metainfo::build("share", true, piece_bytes, std::move(files), std::move(layers));
  if (!info) FAIL(info.error().text);
  made.info = *info;
  return made;
}

}  // namespace shoal::fake
