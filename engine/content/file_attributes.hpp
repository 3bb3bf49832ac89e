// What the files of a share have besides their bytes: times and modes, as a list that travels beside the metainfo.
//
// Not a part of the info dictionary: machines whose files have the same bytes hold one share, whatever their times. So
// no hash covers the list, and whoever sends it can lie about it. A bencoded dictionary with the strings `times` (8
// bytes for each regular file, in the order of the share) and `modes` (2 bytes each), big-endian. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/bytes.hpp"
#include "core/error.hpp"

namespace shoal {

/// Permission bits that a list may carry: never those that give a program the rights of its owner.
inline constexpr std::uint16_t mode_bits = 0777;

struct file_attributes {
  std::int64_t mtime_ns = 0;  ///< time of last modification, since the epoch
  std::uint16_t mode = 0;     ///< of mode_bits
  friend bool operator==(const file_attributes&, const file_attributes&) = default;
};

/// The longest list of so many files.
std::uint32_t attributes_bytes_max(std::uint32_t files);

byte_buffer encode_attributes(std::span<const file_attributes> files);

/// errc::malformed unless the list has exactly so many files. Other bits of modes are left out.
result<std::vector<file_attributes>> decode_attributes(byte_view list, std::uint32_t files);

}  // namespace shoal
