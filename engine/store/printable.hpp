// File names as people may see them.
//
// Pure. Names on disk are arbitrary bytes. Messages and the catalogue are UTF-8 without control bytes. Names of foreign
// torrents may be written from right to left, and hide in a log what follows them.
#pragma once

#include <string>
#include <string_view>

namespace shoal {

/// `text`, in which harmful characters (core/utf8) and bytes that are not well-formed UTF-8 (RFC 3629) are written as
/// \xNN.
std::string printable(std::string_view text);

}  // namespace shoal
