// The files of a share as a tree of folders, as URLs name them. Pure; for content_service and what it composes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "content/metainfo.hpp"

namespace shoal {

/// What a path of a share is.
struct tree_place {
  enum class kind : std::uint8_t { nothing, file, symlink, folder };
  kind is = kind::nothing;
  /// Of a file or symlink its number; of a folder that of its first entry.
  std::uint32_t first = 0;
  std::uint32_t end = 0;  ///< one past the last entry of a folder; `first` if it is empty
};
/// `path` is as in the metainfo; "" is the root of the share. The root of a share of one file is a folder with that
/// file.
tree_place place_at(const metainfo& info, std::string_view path);

/// One row of a folder.
struct tree_row {
  std::string_view name;  ///< as long as the metainfo lives
  tree_place::kind is = tree_place::kind::file;
  std::uint64_t size = 0;        ///< of a file
  std::string_view target = {};  ///< of a symlink, from the root of the share
};

/// Goes through the rows of one folder in tree order. A folder in it costs a search, whatever it holds.
class tree_rows {
 public:
  /// `at` is the folder at `path`.
  tree_rows(metainfo_ptr info, std::string path, const tree_place& at);
  /// Nothing behind the last one.
  std::optional<tree_row> next();

 private:
  metainfo_ptr info_;
  std::size_t skipped_;  ///< bytes of each path before the name
  std::uint32_t at_;
  std::uint32_t end_;
};

}  // namespace shoal
