#include "policy/info_assembly.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"

namespace shoal {

bool info_assembly::fits(std::uint32_t piece, std::size_t bytes) const {
  return piece < tasks_.size() && bytes == std::min(metadata_piece_bytes, total_bytes_ - piece * metadata_piece_bytes);
}

void info_assembly::keep(std::uint32_t piece, part one, time_point now) {
  SHOAL_ASSERT(fits(piece, one.data.size()) && !has(piece));
  held_bytes_ += one.data.size();
  last_kept_ = now;
  parts_.emplace(piece, std::move(one));
  tasks_.on_done(piece);
}

std::map<std::uint32_t, info_assembly::part> info_assembly::take() {
  for (const auto& [piece, one] : parts_) tasks_.on_undone(piece);
  held_bytes_ = 0;
  return std::exchange(parts_, {});
}

byte_buffer info_assembly::join() const {
  SHOAL_ASSERT(complete());
  byte_buffer whole;
  whole.reserve(total_bytes_);
  for (const auto& [piece, one] : parts_) whole.insert(whole.end(), one.data.begin(), one.data.end());
  return whole;
}

void info_assembly::check_invariants() const {
  tasks_.check_invariants();
  std::uint64_t held = 0;
  for (std::uint32_t piece = 0; piece < tasks_.size(); ++piece) SHOAL_ASSERT(tasks_.done(piece) == has(piece));
  for (const auto& [piece, one] : parts_) {
    SHOAL_ASSERT(fits(piece, one.data.size()));
    held += one.data.size();
  }
  SHOAL_ASSERT(held == held_bytes_);
}

}  // namespace shoal
