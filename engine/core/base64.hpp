// Base64 (RFC 4648 section 4), the form of .torrent files in control messages.
//
// Pure; both ends of the control socket use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.hpp"

namespace shoal {

std::string to_base64(byte_view bytes);
/// Nothing unless the text is padded, canonical base64 without blanks.
std::optional<byte_buffer> from_base64(std::string_view text);

}  // namespace shoal
