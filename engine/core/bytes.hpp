// Bytes: views, buffers, big-endian integers and hexadecimal text.
//
// Used by all code that reads or writes a format. Views never own. No function here allocates more than its input asks
// for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

/// Bytes that another object owns, valid for as long as that object says.
using byte_view = std::span<const std::uint8_t>;
using byte_buffer = std::vector<std::uint8_t>;

inline constexpr std::uint64_t KiB = 1024;
inline constexpr std::uint64_t MiB = 1024 * KiB;
inline constexpr std::uint64_t GiB = 1024 * MiB;

inline byte_view as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(byte_view bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Big-endian integers, the byte order of every BitTorrent message (BEP 3). `from` holds at least 2 or 4 bytes.
constexpr std::uint16_t load_be16(const std::uint8_t* from) {
  return static_cast<std::uint16_t>(from[0] << 8 | from[1]);
}
constexpr std::uint32_t load_be32(const std::uint8_t* from) {
  return std::uint32_t{from[0]} << 24 | std::uint32_t{from[1]} << 16 | std::uint32_t{from[2]} << 8 | from[3];
}
constexpr void store_be16(std::uint8_t* to, std::uint16_t value) {
  to[0] = static_cast<std::uint8_t>(value >> 8);
  to[1] = static_cast<std::uint8_t>(value);
}
constexpr void store_be32(std::uint8_t* to, std::uint32_t value) {
  to[0] = static_cast<std::uint8_t>(value >> 24);
  to[1] = static_cast<std::uint8_t>(value >> 16);
  to[2] = static_cast<std::uint8_t>(value >> 8);
  to[3] = static_cast<std::uint8_t>(value);
}

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(byte_view bytes);

/// Reads hexadecimal of either case. Nothing if a character is no digit, or the number of digits is odd.
std::optional<byte_buffer> from_hex(std::string_view text);

}  // namespace shoal
