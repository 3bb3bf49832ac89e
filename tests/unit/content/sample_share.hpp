// Builds shares from made-up content for tests of metainfo.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "content/geometry.hpp"
#include "content/merkle.hpp"
#include "content/metainfo.hpp"
#include "core/sha256.hpp"

namespace shoal::testing {

/// The content that data/README.md describes.
inline byte_buffer content(std::uint32_t seed, std::size_t size) {
  byte_buffer bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 256 + seed);
  return bytes;
}

/// A file with its root, and its piece layer if it has several pieces.
inline std::pair<file_entry, std::vector<digest>> hashed_file(std::string path, byte_view bytes,
                                                              std::uint32_t piece_bytes) {
  file_entry file;
  file.path = std::move(path);
  file.size = bytes.size();
  std::vector<digest> layer;
  if (bytes.empty()) return {file, layer};
  std::vector<digest> leaves(blocks_of(bytes.size()));
  sha256_leaves(bytes, leaves);
  const std::uint32_t piece_blocks = piece_bytes / block_bytes;
  for (std::size_t begin = 0; leaves.size() > piece_blocks && begin < leaves.size(); begin += piece_blocks) {
    const std::size_t count = std::min<std::size_t>(piece_blocks, leaves.size() - begin);
    layer.push_back(piece_root(std::span(leaves).subspan(begin, count), piece_blocks, false));
  }
  file.root = merkle_root(leaves);
  return {file, layer};
}

/// Collects entries and builds the share.
class share_builder {
 public:
  share_builder(std::string name, bool folder, std::uint32_t piece_bytes)
      : name_(std::move(name)), folder_(folder), piece_bytes_(piece_bytes) {}

  share_builder& file(std::string path, std::uint32_t seed, std::size_t size, bool executable = false) {
    auto [entry, layer] = hashed_file(std::move(path), content(seed, size), piece_bytes_);
    entry.executable = executable;
    return add(std::move(entry), std::move(layer));
  }
  share_builder& empty_directory(std::string path) {
    file_entry entry;
    entry.path = std::move(path);
    entry.type = file_entry::kind::empty_directory;
    return add(std::move(entry), {});
  }
  share_builder& symlink(std::string path, std::string target) {
    file_entry entry;
    entry.path = std::move(path);
    entry.type = file_entry::kind::symlink;
    entry.symlink_target = std::move(target);
    return add(std::move(entry), {});
  }
  share_builder& add(file_entry entry, std::vector<digest> layer) {
    files_.push_back(std::move(entry));
    layers_.push_back(std::move(layer));
    return *this;
  }
  result<metainfo_ptr> build() const { return metainfo::build(name_, folder_, piece_bytes_, files_, layers_); }

 private:
  std::string name_;
  bool folder_;
  std::uint32_t piece_bytes_;
  std::vector<file_entry> files_;
  std::vector<std::vector<digest>> layers_;
};

}  // namespace shoal::testing
