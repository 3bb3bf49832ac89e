// A database's path in the form that SQLite takes. SQLite's own bound is 512 bytes, while the system allows 4,096.
//
// A longer path is named through the descriptor of its directory (/proc/self/fd), as in socket_name. It is opened with
// a file system layer (VFS) of SQLite that leaves the name as it is. Used by state_database only. Blocks.
#pragma once

#include <string>

#include "core/error.hpp"
#include "store/beneath.hpp"

namespace shoal {

class sqlite_path {
 public:
  /// `path` is absolute; its directory exists.
  static result<sqlite_path> of(const std::string& path);

  /// For sqlite3_open_v2. Names the file as long as this object lives.
  const std::string& text() const { return text_; }
  /// For sqlite3_open_v2. Null: the usual VFS.
  const char* vfs() const;

 private:
  unique_descriptor directory_;
  std::string text_;
};

}  // namespace shoal
