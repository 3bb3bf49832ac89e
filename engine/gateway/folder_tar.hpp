// A folder of a share as a tar archive, entry by entry. Pure.
//
// All paths begin with the name of the folder. Files have the times that their copies here have.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "content/metainfo.hpp"
#include "gateway/content_tree.hpp"
#include "gateway/tar_format.hpp"

namespace shoal {

class folder_tar {
 public:
  /// Seconds since 1970.
  using time_of = std::function<std::int64_t(file_index)>;

  /// `at` is the folder at `path`.
  folder_tar(metainfo_ptr info, std::string path, const tree_place& at, time_of times);

  /// The name of the folder, without the folders above it.
  const std::string& name() const { return name_; }
  struct part {
    std::string text;                   ///< to be sent first
    std::optional<file_index> content;  ///< and then all of this file
    std::uint64_t content_bytes = 0;
  };
  /// Nothing behind the last one.
  std::optional<part> next();
  /// Of all parts from here on.
  std::uint64_t bytes_left() const;

 private:
  tar_entry entry_of(const file_entry& one) const;

  metainfo_ptr info_;
  std::size_t skipped_;  ///< bytes of each path before what is in the folder
  std::uint32_t at_;
  std::uint32_t end_;
  std::string name_;
  time_of times_;
  std::uint64_t padded_bytes_ = 0;  ///< the content that was sent last
  bool ended_ = false;
};

}  // namespace shoal
