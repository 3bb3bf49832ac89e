// Base64 (RFC 4648 section 4), as .torrent files travel in control messages.
//
// Pure; used by both ends of the control socket.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.hpp"

namespace shoal {

std::string to_base64(byte_view bytes);
/// Nothing for text that is not padded, canonical base64 without blanks.
std::optional<byte_buffer> from_base64(std::string_view text);

}  // namespace shoal
