// What of one share is here: its metadata, its files, and which of its pieces are verified.
//
// Sessions serve from it, and a download fills it. The share that owns it alone changes it, and tells its peers. On the
// network thread only; the pointers that it gives out may be used anywhere.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "content/merkle.hpp"
#include "content/metainfo.hpp"
#include "core/bitmap.hpp"
#include "peer/session/recent_leaves.hpp"
#include "store/content_files.hpp"

namespace shoal {

class share_content {
 public:
  /// Null while a download has no metadata.
  const metainfo_ptr& info() const { return info_; }
  /// Null while nothing can be here.
  const std::shared_ptr<content_files>& files() const { return files_; }
  /// Pieces that are here and verified; empty while the metadata is unknown.
  const bitmap& verified() const { return verified_; }
  std::uint64_t verified_bytes() const { return verified_bytes_; }
  /// The piece exists, is here and is verified. Any number may be asked for.
  bool has(piece_index piece) const { return piece.value() < verified_.size() && verified_.test(piece.value()); }
  bool complete() const { return complete_; }
  /// Other peers can get something here.
  bool has_something() const { return info_ && (complete_ || !verified_.none()); }
  /// The file whose Merkle tree has this root. Nothing while the metadata is unknown, and for an empty file.
  std::optional<file_index> file_with_root(const digest& root) const;

  /// For answers to questions for hashes. What an answer found out serves the next.
  recent_leaves& leaves() const { return leaves_; }
  /// Of the file's piece layer. Null if nobody has made it yet.
  const layer_summary* summary(file_index file) const {
    const auto at = summaries_.find(file.value());
    return at == summaries_.end() ? nullptr : &at->second;
  }
  void keep_summary(file_index file, layer_summary made) const {
    summaries_.try_emplace(file.value(), std::move(made));
  }

  /// Everything is here.
  void adopt(metainfo_ptr info, std::shared_ptr<content_files> files);
  void on_metadata(metainfo_ptr info);
  /// The same metainfo, with attributes.
  void on_attributes(metainfo_ptr info) { info_ = std::move(info); }
  void on_files(std::shared_ptr<content_files> files) { files_ = std::move(files); }
  /// True if that is news.
  bool on_verified(piece_index piece);
  void on_complete() { complete_ = true; }

 private:
  metainfo_ptr info_;
  std::shared_ptr<content_files> files_;
  bitmap verified_;
  std::uint64_t verified_bytes_ = 0;
  bool complete_ = false;
  /// Filled when it is first asked for: most peers ask for no hashes.
  mutable std::optional<std::unordered_map<digest, file_index>> file_roots_;
  mutable recent_leaves leaves_;
  mutable std::unordered_map<std::uint32_t, layer_summary> summaries_;
};

}  // namespace shoal
