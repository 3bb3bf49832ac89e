// Packing of the tracker's longer messages: JSON text in the zlib format (RFC 1950), sent as a binary WebSocket
// message.
//
// A crowd of N that joins at once is told N times N rows. Packed, a row takes a quarter of the bytes. WebSocket's own
// compression (RFC 7692) does not fit: it compresses again for each connection, and each holds a window. A packed
// message is made once, and all sessions share it. Unpacking takes any bytes and is bounded. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/bytes.hpp"
#include "core/error.hpp"

namespace shoal::tracking {

/// Messages from this size on are packed. Shorter ones fit a segment anyway.
inline constexpr std::size_t packed_from_bytes = 1 * KiB;

std::string pack(std::string_view text);
/// errc::protocol if `packed` is not one whole zlib stream, or holds more than tracker_message_bytes_max.
result<std::string> unpack(std::string_view packed);

}  // namespace shoal::tracking
