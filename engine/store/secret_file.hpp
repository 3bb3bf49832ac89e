// Small text files that only their owner may read: keys and tokens.
//
// Blocks. Errors name the file and what helps. Never logs what a file holds.
#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace shoal {

/// More than any key file needs.
inline constexpr std::size_t secret_file_bytes_max = 64 * 1024;

/// Makes the file with mode 0600, and brings it to the disk. errc::conflict if there is anything at `path` already:
/// a key that is overwritten is lost.
result<void> write_secret_file(const std::string& path, std::string_view text);

/// The whole file. errc::permission if others than its owner may read or change it. errc::malformed if it is not a
/// regular file, or larger than secret_file_bytes_max.
result<std::string> read_secret_file(const std::string& path);

}  // namespace shoal
