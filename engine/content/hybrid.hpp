// The version 1 part of a hybrid torrent (BEP 52, "upgrade path"). It must list the same files as the version 2 part.
//
// Pure; used when an info dictionary is read. Nothing else of version 1 is read.
#pragma once

#include <vector>

#include "content/bencode.hpp"
#include "content/file_entry.hpp"
#include "core/error.hpp"

namespace shoal {

/// errc::malformed if `info` has a version 1 part whose files differ from the regular files of `files` or their order.
/// People would get one thing from version 1 clients and another from us. Padding files do not count.
result<void> check_hybrid(const bencode::value& info, const std::vector<file_entry>& files);

}  // namespace shoal
