// File names as people may see them.
//
// Pure. Names on disk are arbitrary bytes. Messages and the catalogue are UTF-8 without control bytes.
#pragma once

#include <string>
#include <string_view>

namespace shoal {

/// `text`, in which control bytes and bytes that are not well-formed UTF-8 (RFC 3629) are written as \xNN.
std::string printable(std::string_view text);

}  // namespace shoal
