// Paths inside a share: what may be created below a directory, and the order of a file tree.
//
// Pure. The only judge of paths from metainfo and users. store opens no path that did not pass here. BEP 52, file tree.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/error.hpp"

namespace shoal {

/// Shallow enough for recursion, and deeper than programs go that pass whole paths to the kernel.
inline constexpr std::uint32_t path_depth_max = 1024;
inline constexpr std::uint32_t path_element_bytes_max = 255;  // NAME_MAX
/// Four times PATH_MAX. PATH_MAX bounds what one call is given, not what can be on a disk.
inline constexpr std::uint32_t path_bytes_max = 16 * 1024;

/// errc::malformed with the reason unless `element` may be the name of one file or directory. The name is valid UTF-8
/// of at most path_element_bytes_max bytes, without '/' and control bytes. It is not empty, "." or "..".
result<void> check_path_element(std::string_view element);

/// errc::malformed with the reason unless `path` may be created below a directory. It must be elements as above joined
/// by '/'. errc::limit if it has more than path_depth_max elements, or more than path_bytes_max bytes.
result<void> check_relative_path(std::string_view path);

/// Order of a file tree, in which a directory's content follows the directory: like bytes, with '/' before any other.
bool tree_order(std::string_view left, std::string_view right);

}  // namespace shoal
