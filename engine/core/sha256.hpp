// SHA-256, one message at a time or many leaves at once.
//
// Leaves go through one of libipsec-mb's multi-buffer kernels where the library and the CPU have one, otherwise through
// OpenSSL. The choice is made once at run time. Thread-safe: each thread has its own state. Pure.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "core/bytes.hpp"
#include "core/ids.hpp"

namespace shoal {

/// Bytes under one leaf of a BEP 52 Merkle tree: one block.
inline constexpr std::uint32_t block_bytes = 16 * KiB;

/// The number of blocks in so many bytes; the last block may be shorter. In the type of `bytes`.
template <std::unsigned_integral Count>
constexpr Count blocks_of(Count bytes) {
  return bytes / block_bytes + (bytes % block_bytes != 0 ? 1 : 0);
}

digest sha256(byte_view message);

/// Digest of `bytes` zeros, at most block_bytes. Faster than hashing them.
digest sha256_zeros(std::uint32_t bytes);

/// Digest of an inner node: SHA-256 of `left` followed by `right` (BEP 52).
digest sha256_node(const digest& left, const digest& right);

/// Hashes `data` as consecutive blocks of block_bytes; the last block may be shorter. `leaves` has exactly
/// ceil(data.size() / block_bytes) entries. Fastest in multiples of 16 blocks.
void sha256_leaves(byte_view data, std::span<digest> leaves);

/// Like sha256_leaves, for blocks that do not lie together. `leaves[i]` is the digest of `blocks[i]`. There are as many
/// leaves as blocks. No block is longer than block_bytes.
void sha256_blocks(std::span<const byte_view> blocks, std::span<digest> leaves);

/// What hashes leaves, from the least preferred to the most preferred:
/// - OpenSSL, one leaf after the other;
/// - libipsec-mb's AVX2 manager, two leaves interleaved in the SHA extensions (SHA-NI);
/// - libipsec-mb's 16 lanes of AVX-512.
enum class sha256_backend : std::uint8_t { openssl, avx2, sha_ni, avx512 };
inline constexpr std::array sha256_backends{sha256_backend::openssl, sha256_backend::avx2, sha256_backend::sha_ni,
                                            sha256_backend::avx512};

std::string_view to_string(sha256_backend backend);
/// Whether the CPU and the libraries have the backend.
bool available(sha256_backend backend);
/// The backend of sha256_leaves: the last one that is available.
sha256_backend sha256_leaves_backend();
/// Like sha256_leaves, all by one backend, which must be available. For tests and benches.
void sha256_leaves_with(sha256_backend backend, byte_view data, std::span<digest> leaves);

}  // namespace shoal
