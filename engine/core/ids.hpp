// Identities and indexes as distinct types, so that two of them cannot be swapped.
//
// Used by all folders. Plain values: comparable and hashable. Their order means nothing beyond sorting.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.hpp"

namespace shoal {

/// Position of something in its sequence, from 0; a count or a byte offset is a plain integer.
template <class Tag>
class strong_index {
 public:
  constexpr strong_index() = default;
  constexpr explicit strong_index(std::uint32_t value) : value_(value) {}
  constexpr std::uint32_t value() const { return value_; }
  constexpr strong_index& operator++() {
    ++value_;
    return *this;
  }
  friend constexpr auto operator<=>(strong_index, strong_index) = default;

 private:
  std::uint32_t value_ = 0;
};

/// Piece of a share, in BEP 52's piece space: every non-empty file starts at a new piece.
using piece_index = strong_index<struct piece_tag>;
/// Chunk of a share: the unit of the work-stealing queue (content/geometry.hpp).
using chunk_index = strong_index<struct chunk_tag>;
/// File of a share, in the order of the file tree.
using file_index = strong_index<struct file_tag>;
/// Source of one transfer; never reused within the transfer.
using source_id = strong_index<struct source_tag>;
/// Peer that a seeder serves; never reused within the share.
using leecher_id = strong_index<struct leecher_tag>;

/// A fixed number of opaque bytes; Tag keeps ids of different things apart.
template <class Tag, std::size_t Bytes>
struct opaque_id {
  static constexpr std::size_t size = Bytes;
  std::array<std::uint8_t, Bytes> bytes{};

  byte_view view() const { return bytes; }
  std::string hex() const { return to_hex(bytes); }
  friend auto operator<=>(const opaque_id&, const opaque_id&) = default;

  /// Nothing unless `view` has exactly `size` bytes.
  static std::optional<opaque_id> from_bytes(byte_view view) {
    if (view.size() != Bytes) return std::nullopt;
    opaque_id id;
    std::memcpy(id.bytes.data(), view.data(), Bytes);
    return id;
  }
  /// Nothing unless `text` is exactly 2 * `size` hexadecimal digits.
  static std::optional<opaque_id> from_hex(std::string_view text) {
    const auto decoded = shoal::from_hex(text);
    return decoded ? from_bytes(*decoded) : std::nullopt;
  }
};

/// SHA-256 digest: a leaf, a node of a Merkle tree, or the hash of an info dictionary (BEP 52).
using digest = opaque_id<struct digest_tag, 32>;
/// Identity of a share: its v2 info-hash (BEP 52). The wire handshake carries the first 20 bytes.
using share_id = opaque_id<struct share_tag, 32>;
/// Identity of a peer for the life of its process (BEP 20 style: "-SH0100-" and 12 random bytes).
using peer_id = opaque_id<struct peer_tag, 20>;
/// Identity of a publisher: random, one for each state directory, for as long as the directory exists.
using publisher_id = opaque_id<struct publisher_tag, 16>;

/// Keys of std::hash for opaque_id: random, the same for the life of the process.
extern const std::array<std::uint64_t, 9> id_hash_keys;

}  // namespace shoal

template <class Tag>
struct std::hash<shoal::strong_index<Tag>> {
  std::size_t operator()(shoal::strong_index<Tag> index) const noexcept { return index.value(); }
};

/// Multilinear hashing of 32-bit words with secret keys, strongly universal (Lemire and Kaser, "Strongly universal
/// string hashing is fast", 2014). Other peers choose ids. They must not be able to choose ids that all fall into one
/// bucket.
template <class Tag, std::size_t Bytes>
struct std::hash<shoal::opaque_id<Tag, Bytes>> {
  std::size_t operator()(const shoal::opaque_id<Tag, Bytes>& id) const noexcept {
    static_assert(Bytes % sizeof(std::uint32_t) == 0 && Bytes / sizeof(std::uint32_t) < shoal::id_hash_keys.size());
    std::uint64_t sum = shoal::id_hash_keys[0];
    for (std::size_t i = 0; i < Bytes / sizeof(std::uint32_t); ++i) {
      std::uint32_t word;
      std::memcpy(&word, id.bytes.data() + i * sizeof word, sizeof word);
      sum += shoal::id_hash_keys[i + 1] * word;
    }
    return sum >> 32;
  }
};
