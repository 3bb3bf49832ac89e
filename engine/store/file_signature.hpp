// What shows that a shared file changed behind our back: its size, and its times of last modification and last change.
//
// Anybody can set the time of modification back. Nobody can set the time of the inode's last change (ctime) back.
// Renaming, linking and new permissions set that time, too. Pure value; kept in the state database beside the share.
#pragma once

#include <sys/stat.h>

#include <cstdint>

namespace shoal {

struct file_signature {
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;  ///< since the epoch
  std::int64_t ctime_ns = 0;  ///< the same; 0: not known
  friend bool operator==(const file_signature&, const file_signature&) = default;
};

inline std::int64_t nanoseconds_of(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

inline file_signature signature_of(const struct stat& status) {
  return {static_cast<std::uint64_t>(status.st_size), nanoseconds_of(status.st_mtim), nanoseconds_of(status.st_ctim)};
}

/// Unchanged, as far as programs show it that change files and do not hide it.
inline bool looks_unchanged(const file_signature& recorded, const file_signature& now) {
  return recorded.size == now.size && recorded.mtime_ns == now.mtime_ns;
}

/// The file looks unchanged, but some program did something to it. Only its bytes tell.
inline bool is_in_doubt(const file_signature& recorded, const file_signature& now) {
  return looks_unchanged(recorded, now) && recorded.ctime_ns != 0 && recorded.ctime_ns != now.ctime_ns;
}

}  // namespace shoal
