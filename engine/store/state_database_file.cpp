// state_database: its file, which somebody may delete or replace while it is in use.

#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "store/state_database.hpp"
#include "store/state_tables.hpp"

namespace shoal {

std::unique_lock<std::mutex> state_database::use() {
  std::unique_lock lock(mutex_);
  if (!path_) return lock;
  int moved = 0;
  if (handle_ != nullptr) sqlite3_file_control(handle_, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (handle_ != nullptr && moved == 0) {
    lost_.reset();
    return lock;
  }
  const bool known = lost_.has_value();
  const result<void> restored = restore_file();
  lost_.reset();
  if (restored) {
    warn_(shown_path_ + " was deleted while it was in use, and is written anew");
  } else {
    lost_ = restored.error();
    if (!known) warn_(lost_->text);
  }
  return lock;
}

result<void> state_database::restore_file() {
  const std::string path = path_->text();
  const std::string made = path + ".new";
  const auto failed = [this](const std::string& why) {
    return error{errc::disk, shown_path_ + " was deleted while it was in use, and cannot be written anew: " + why};
  };
  struct stat status{};
  if (stat(path.c_str(), &status) == 0) {
    return error{errc::conflict, "another program replaced " + shown_path_ +
                                     " while it was in use: nothing is written down until this "
                                     "peer is started again"};
  }
  if (handle_ != nullptr) {
    std::remove(made.c_str());
    std::string quoted;
    for (const char one : made) quoted += one == '\'' ? "''" : std::string(1, one);
    const std::string sql = "VACUUM INTO '" + quoted + "'";
    if (execute(handle_, sql.c_str()) != SQLITE_OK) return failed(sqlite3_errmsg(handle_));
  }
  // SQLite deletes the journals by their names when it closes a file. So the old file is closed before there is a new
  // one.
  sqlite3_close(handle_);
  handle_ = nullptr;
  if (std::rename(made.c_str(), path.c_str()) != 0) return failed(std::strerror(errno));
  int code = sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, path_->vfs());
  std::int64_t version = 0;
  if (code == SQLITE_OK) code = prepare_tables(handle_, version);
  if (code == SQLITE_OK) return {};
  error why = failed(sqlite3_errstr(code));
  sqlite3_close(handle_);
  handle_ = nullptr;
  return why;
}

}  // namespace shoal
