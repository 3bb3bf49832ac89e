#include "policy/info_assembly.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace shoal {

std::uint32_t info_assembly::piece_size(std::uint32_t piece) const {
  return std::min(info_piece_bytes, total_bytes_ - piece * info_piece_bytes);
}

std::optional<std::uint32_t> info_assembly::next_piece(source_id source) {
  if (exclusive_ && !owner_) owner_ = source;
  if (exclusive_ && owner_ != source) return std::nullopt;
  if (!given_back_.empty()) return given_back_.extract(given_back_.begin()).value();
  if (next_ < piece_count()) return next_++;
  return std::nullopt;
}

void info_assembly::on_given_back(std::uint32_t piece) {
  if (piece < next_ && !data_.contains(piece)) given_back_.insert(piece);
}

bool info_assembly::on_piece(source_id source, std::uint32_t piece, byte_view data) {
  if (piece >= piece_count() || data.size() != piece_size(piece)) return false;
  if (exclusive_ && owner_ != source) return true;
  // Asked for before the collection began again; what is not asked for is not counted.
  if (piece >= next_) return true;
  given_back_.erase(piece);
  data_.try_emplace(piece, part{source, byte_buffer(data.begin(), data.end())});
  return true;
}

void info_assembly::on_source_lost(source_id source) {
  if (owner_ != source) return;
  owner_.reset();
  begin_again();
}

byte_buffer info_assembly::join() const {
  SHOAL_ASSERT(complete());
  byte_buffer whole;
  whole.reserve(total_bytes_);
  for (const auto& [piece, one] : data_) whole.insert(whole.end(), one.data.begin(), one.data.end());
  return whole;
}

std::optional<source_id> info_assembly::on_wrong() {
  const source_id first = data_.begin()->second.sender;
  const bool alone =
      std::all_of(data_.begin(), data_.end(), [&](const auto& row) { return row.second.sender == first; });
  exclusive_ = true;
  owner_.reset();
  begin_again();
  return alone ? std::optional(first) : std::nullopt;
}

void info_assembly::begin_again() {
  next_ = 0;
  given_back_.clear();
  data_.clear();
}

void info_assembly::check_invariants() const {
  SHOAL_ASSERT(next_ <= piece_count());
  for (const auto piece : given_back_) SHOAL_ASSERT(piece < next_ && !data_.contains(piece));
  for (const auto& [piece, one] : data_) SHOAL_ASSERT(piece < next_ && one.data.size() == piece_size(piece));
}

}  // namespace shoal
