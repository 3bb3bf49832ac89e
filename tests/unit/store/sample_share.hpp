// Shares for tests: metainfo of what lies on disk, hashed as a publisher does it.
#pragma once

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "content/merkle.hpp"
#include "content/metainfo.hpp"
#include "show_result.hpp"
#include "store/beneath.hpp"
#include "store/content_files.hpp"
#include "store/directory_scan.hpp"
#include "store/hash_file.hpp"
#include "unit/store/temporary_directory.hpp"

namespace shoal::test {

struct sample {
  std::string path;
  metainfo_ptr info;
  std::vector<file_signature> signatures;
};

/// Scans and hashes `path`.
inline sample sample_of(const std::filesystem::path& path, const scan_options& options = {}) {
  auto found = scan(path.string(), options);
  REQUIRE(found);
  constexpr std::uint32_t piece_bytes = piece_bytes_min;
  constexpr std::size_t piece_blocks = piece_bytes / block_bytes;
  std::vector<std::vector<digest>> layers;
  for (file_entry& file : found->files) {
    std::vector<digest> layer;
    if (file.type == file_entry::kind::regular && file.size > 0) {
      const std::string full = found->folder ? found->path + "/" + file.path : found->path;
      const unique_descriptor opened(open(full.c_str(), O_RDONLY | O_CLOEXEC));
      const auto leaves = hash_blocks(opened.get(), 0, file.size);
      REQUIRE(leaves);
      file.root = merkle_root(*leaves);
      for (std::size_t i = 0; i < leaves->size() && file.size > piece_bytes; i += piece_blocks) {
        const std::size_t count = std::min(piece_blocks, leaves->size() - i);
        layer.push_back(piece_root(std::span(*leaves).subspan(i, count), piece_blocks, false));
      }
    }
    layers.push_back(std::move(layer));
  }
  auto info = metainfo::build(found->name, found->folder, piece_bytes, found->files, std::move(layers));
  REQUIRE(info);
  return {found->path, std::move(*info), std::move(found->signatures)};
}

/// A share of one file that does not have to be on any disk; its hashes are made up.
inline metainfo_ptr made_up_file(const std::string& name, std::uint64_t size) {
  file_entry file;
  file.path = name;
  file.size = size;
  std::vector<digest> layer(size > piece_bytes_max ? (size + piece_bytes_max - 1) / piece_bytes_max : 0);
  for (digest& hash : layer) hash.bytes.fill(7);
  file.root.bytes.fill(7);
  if (!layer.empty()) file.root = merkle_root(layer, 10);
  auto info = metainfo::build(name, false, piece_bytes_max, {file}, {layer});
  REQUIRE(info);
  return std::move(*info);
}

/// Copies all of `from` into `to`, piece by piece.
inline void copy_all(content_files& from, content_files& to, const metainfo& info) {
  for (std::uint32_t i = 0; i < info.shape().piece_count(); ++i) {
    byte_buffer piece(info.shape().piece_size(piece_index{i}));
    REQUIRE(from.read(piece_index{i}, 0, piece));
    REQUIRE(to.write(piece_index{i}, 0, piece));
  }
}

}  // namespace shoal::test
