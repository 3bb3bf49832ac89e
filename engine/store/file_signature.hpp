// What tells that a shared file changed behind our back: its size and time of last modification.
//
// Pure value; kept in the state database beside the share.
#pragma once

#include <sys/stat.h>

#include <cstdint>

namespace shoal {

struct file_signature {
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;  ///< since the epoch
  friend bool operator==(const file_signature&, const file_signature&) = default;
};

inline file_signature signature_of(const struct stat& status) {
  return {static_cast<std::uint64_t>(status.st_size),
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

}  // namespace shoal
