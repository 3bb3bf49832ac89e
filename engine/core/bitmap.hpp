// A fixed number of bits with a running count of the set ones: the pieces that a peer has.
//
// Pure value. BEP 3 byte form: bit 0 is the high bit of the first byte, spare bits are zero.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/assert.hpp"
#include "core/bytes.hpp"

namespace shoal {

class bitmap {
 public:
  bitmap() = default;
  explicit bitmap(std::uint32_t size) : words_((std::size_t{size} + 63) / 64), size_(size) {}

  std::uint32_t size() const { return size_; }
  std::uint32_t count() const { return count_; }
  bool all() const { return count_ == size_; }
  bool none() const { return count_ == 0; }

  /// `index` < size().
  bool test(std::uint32_t index) const {
    SHOAL_ASSERT(index < size_);
    return (words_[index / 64] >> (index % 64) & 1) != 0;
  }
  /// True if the bit was changed.
  bool set(std::uint32_t index);
  bool reset(std::uint32_t index);
  void set_all();

  /// First set bit at or after `from`; size() if there is none.
  std::uint32_t next_set(std::uint32_t from) const;
  /// Like next_set, for bits that are set here and in `other`, which has the same size.
  std::uint32_t next_common(const bitmap& other, std::uint32_t from) const;
  /// How many bits are set here and in `other`, which has the same size.
  std::uint32_t count_common(const bitmap& other) const;
  /// Whether all bits that are set here are set in `other`, which has the same size.
  bool within(const bitmap& other) const;

  /// BEP 3 `bitfield` payload, (size() + 7) / 8 bytes.
  byte_buffer to_bytes() const;
  /// Nothing if the length is not the one for `size` bits or a spare bit is set.
  static std::optional<bitmap> from_bytes(byte_view bytes, std::uint32_t size);

  friend bool operator==(const bitmap&, const bitmap&) = default;

 private:
  std::vector<std::uint64_t> words_;
  std::uint32_t size_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace shoal
