// File names as people may see them: UTF-8 check and escaping for messages.
//
// Pure. Names on disk are arbitrary bytes; messages and the catalogue are UTF-8 without control bytes.
#pragma once

#include <string>
#include <string_view>

namespace shoal {

/// `text` with control bytes and bytes that are not well-formed UTF-8 (RFC 3629) written as \xNN.
std::string printable(std::string_view text);

/// True if `text` is well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

}  // namespace shoal
