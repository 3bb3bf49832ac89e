// A .torrent file named on the command line, read here because the peer may not see the user's files.
//
// For the download command. Reads a bounded number of bytes and does not look at what they mean: the peer
// does.
#pragma once

#include <string>

#include "core/error.hpp"

namespace shoal {

/// Base64 of the file if `what` ends in .torrent, "" for any other word. Errors: not_found, permission, disk,
/// limit.
result<std::string> read_torrent_argument(const std::string& what);

}  // namespace shoal
