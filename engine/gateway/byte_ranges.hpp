// Which bytes of a representation a client asks for: the Range header of a GET (RFC 9110, section 14).
//
// Pure. A header that is no byte-range set is as none: the whole is sent. So is a set that asks for more than a set
// may: more than ranges_max ranges, or ranges that overlap, which only make work.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

/// Ranges of one request. A player asks for one, a program that mends a file for some.
inline constexpr std::size_t ranges_max = 32;

/// Consecutive bytes; never empty.
struct byte_span {
  std::uint64_t first = 0;
  std::uint64_t bytes = 0;
  bool operator==(const byte_span&) const = default;
};

/// The ranges of the header that lie in a representation of `size` bytes, cut to it and in the client's order (RFC
/// 9110, 14.1.2). Nothing: send the whole. Empty: none of them lies in it, the answer is 416 with content_range(size).
std::optional<std::vector<byte_span>> requested_ranges(std::string_view header, std::uint64_t size);

/// "bytes 0-499/1234" (RFC 9110, 14.4).
std::string content_range(const byte_span& sent, std::uint64_t size);
/// "bytes */1234", of an answer 416.
std::string content_range(std::uint64_t size);

}  // namespace shoal
