// Leaf digests of a range of an open file. Publishing a share and checking a resumed download read them.
//
// Blocks on the disk; for worker threads. Each thread keeps one buffer of hash_read_bytes.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "core/error.hpp"
#include "core/ids.hpp"

namespace shoal {

/// Bytes of one read. They fill the batches of sha256_leaves and stay in the cache of a core.
inline constexpr std::uint32_t hash_read_bytes = 1024 * 1024;
/// Bytes of one call. Bounds the digests held to 2 MiB, and how long a worker is busy. The largest piece is 128 MiB.
inline constexpr std::uint64_t hash_call_bytes_max = std::uint64_t{1} << 30;

/// The digests of the blocks (BEP 52 leaves) of `bytes` at `offset`, at most hash_call_bytes_max of them. `offset` is a
/// multiple of block_bytes from where the file's content begins. Only the last block may be shorter. `hashed_bytes`, if
/// given, grows as the work goes on. errc::conflict if the file ends before the range, errc::disk if it cannot be read.
/// Both name the file. `descriptor` stays open until the call returns.
result<std::vector<digest>> hash_blocks(int descriptor, std::uint64_t offset, std::uint64_t bytes,
                                        std::atomic<std::uint64_t>* hashed_bytes = nullptr);

/// The path by which an open descriptor was opened, for messages.
std::string descriptor_path(int descriptor);

}  // namespace shoal
