#include "core/bitmap.hpp"

#include <bit>

namespace shoal {

bool bitmap::set(std::uint32_t index) {
  if (test(index)) return false;
  words_[index / 64] |= std::uint64_t{1} << (index % 64);
  ++count_;
  return true;
}

bool bitmap::reset(std::uint32_t index) {
  if (!test(index)) return false;
  words_[index / 64] &= ~(std::uint64_t{1} << (index % 64));
  --count_;
  return true;
}

void bitmap::set_all() {
  for (auto& word : words_) word = ~std::uint64_t{0};
  if (size_ % 64 != 0) words_.back() = (std::uint64_t{1} << (size_ % 64)) - 1;
  count_ = size_;
}

std::uint32_t bitmap::next_set(std::uint32_t from) const {
  if (from >= size_) return size_;
  std::size_t word = from / 64;
  std::uint64_t bits = words_[word] & (~std::uint64_t{0} << (from % 64));
  while (bits == 0) {
    if (++word == words_.size()) return size_;
    bits = words_[word];
  }
  return static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
}

std::uint32_t bitmap::next_common(const bitmap& other, std::uint32_t from) const {
  SHOAL_ASSERT(size_ == other.size_);
  if (from >= size_) return size_;
  std::size_t word = from / 64;
  std::uint64_t bits = words_[word] & other.words_[word] & (~std::uint64_t{0} << (from % 64));
  while (bits == 0) {
    if (++word == words_.size()) return size_;
    bits = words_[word] & other.words_[word];
  }
  return static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
}

std::uint32_t bitmap::count_common(const bitmap& other) const {
  SHOAL_ASSERT(size_ == other.size_);
  int count = 0;
  for (std::size_t i = 0; i < words_.size(); ++i) count += std::popcount(words_[i] & other.words_[i]);
  return static_cast<std::uint32_t>(count);
}

bool bitmap::within(const bitmap& other) const {
  SHOAL_ASSERT(size_ == other.size_);
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if ((words_[i] & ~other.words_[i]) != 0) return false;
  }
  return true;
}

byte_buffer bitmap::to_bytes() const {
  byte_buffer bytes((std::size_t{size_} + 7) / 8);
  for (std::uint32_t i = next_set(0); i < size_; i = next_set(i + 1)) {
    bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | 0x80 >> (i % 8));
  }
  return bytes;
}

std::optional<bitmap> bitmap::from_bytes(byte_view bytes, std::uint32_t size) {
  if (bytes.size() != (std::size_t{size} + 7) / 8) return std::nullopt;
  bitmap bits(size);
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    if ((bytes[i / 8] & 0x80 >> (i % 8)) == 0) continue;
    if (i >= size) return std::nullopt;
    bits.set(static_cast<std::uint32_t>(i));
  }
  return bits;
}

}  // namespace shoal
