// Whole-tree work inside the partial of a folder share.
//
// Follows no symlinks, and works at any depth. Used by partial_files only. Blocks.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <vector>

#include "content/metainfo.hpp"
#include "core/error.hpp"

namespace shoal {

/// errc::conflict if the open directory `part` holds anything that is not of the share. Such content belongs to another
/// share of the same name, or to the user. It must not end up in the finished folder. `shown` is the path of `part` for
/// messages. With `alone`, no file may have a second name (link(2)), by which it belongs to somebody else as well.
result<void> check_only_holds(int part, const std::string& shown, const metainfo& info, bool alone = false);

/// The names in an open directory, which stays open. `shown` is its path for messages.
result<std::vector<std::string>> names_in(int directory, const std::string& shown);

/// The file has blocks for all of its `size` bytes, so nothing in it is a hole.
bool has_all_blocks(const struct stat& status, std::uint64_t size);

/// Deletes `name` in the open `directory`, and everything in it.
result<void> remove_tree(int directory, const std::string& name, const std::string& shown);

}  // namespace shoal
