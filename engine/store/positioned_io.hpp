// pread and pwrite until everything is done, through interruptions and short counts.
//
// Blocks; thread-safe. Error texts hold the reason only. Callers add the name of the file.
#pragma once

#include <cstdint>
#include <span>

#include "core/bytes.hpp"
#include "core/error.hpp"

namespace shoal {

/// Reads up to `to.size()` bytes at `offset`. Reads fewer only at the end of the file.
result<std::size_t> read_at(int descriptor, std::uint64_t offset, std::span<std::uint8_t> to);

/// Writes all of `bytes` at `offset`.
result<void> write_at(int descriptor, std::uint64_t offset, byte_view bytes);

}  // namespace shoal
