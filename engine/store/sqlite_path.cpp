#include "store/sqlite_path.hpp"

#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>

#include "store/printable.hpp"

namespace shoal {

namespace {

/// Less the suffixes of SQLite's journals, and some.
constexpr std::size_t plain_bytes_max = 480;
constexpr const char* verbatim_name = "shoal-verbatim";

/// The usual layer would resolve the link to the directory, and have the long path again.
int keep_path(sqlite3_vfs*, const char* path, int bytes, char* to) {
  const std::size_t needed = std::strlen(path) + 1;
  if (needed > static_cast<std::size_t>(bytes)) return SQLITE_CANTOPEN;
  std::memcpy(to, path, needed);
  return SQLITE_OK;
}

void register_verbatim() {
  static const bool registered = [] {
    static sqlite3_vfs layer = *sqlite3_vfs_find(nullptr);
    layer.zName = verbatim_name;
    layer.pNext = nullptr;
    layer.xFullPathname = &keep_path;
    return sqlite3_vfs_register(&layer, 0) == SQLITE_OK;
  }();
  static_cast<void>(registered);
}

}  // namespace

result<sqlite_path> sqlite_path::of(const std::string& path) {
  sqlite_path name;
  name.text_ = path;
  if (path.size() <= plain_bytes_max) return name;
  const std::string directory(parent_path(path));
  name.directory_.reset(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!name.directory_) return system_error("cannot open directory " + printable(directory), errno);
  name.text_ = "/proc/self/fd/" + std::to_string(name.directory_.get()) + "/" + std::string(last_element(path));
  register_verbatim();
  return name;
}

const char* sqlite_path::vfs() const {
  return directory_ ? verbatim_name : nullptr;
}

}  // namespace shoal
