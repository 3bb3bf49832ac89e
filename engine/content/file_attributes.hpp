// The times and modes of a share's files, as a list that travels beside the metainfo.
//
// The list is not a part of the info dictionary. So machines whose files have the same bytes hold one share, whatever
// their times. So no hash covers the list either, and its sender can lie about it. The list is a bencoded dictionary
// with two strings of big-endian numbers. `times` has 8 bytes for each regular file, in the order of the share; `modes`
// has 2 bytes for each. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/bytes.hpp"
#include "core/error.hpp"

namespace shoal {

/// Permission bits that a list may carry. None of them gives a program the rights of its owner.
inline constexpr std::uint16_t mode_bits = 0777;

struct file_attributes {
  std::int64_t mtime_ns = 0;  ///< time of last modification, since the epoch
  std::uint16_t mode = 0;     ///< of mode_bits
  friend bool operator==(const file_attributes&, const file_attributes&) = default;
};

/// Length of the longest list for so many files.
std::uint32_t attributes_bytes_max(std::uint32_t files);

byte_buffer encode_attributes(std::span<const file_attributes> files);

/// errc::malformed unless the list has exactly so many files. Bits of modes beyond mode_bits are left out.
result<std::vector<file_attributes>> decode_attributes(byte_view list, std::uint32_t files);

}  // namespace shoal
