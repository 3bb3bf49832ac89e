// chunk_queue: pieces with the same bytes. One is fetched, and the others wait for it.
//
// No waiting is without end. A piece is held back only if a twin of it is begun, and is free as soon as a chunk of that
// twin is queued again or may be of no source any more. When the twin is given out again, the piece is held back again.

#include <utility>

#include "core/assert.hpp"
#include "policy/chunk_queue.hpp"

namespace shoal {

void chunk_queue::on_twins(piece_rings rings) {
  SHOAL_ASSERT(rings_.empty() && (rings.empty() || rings.size() == shape_.piece_count()));
  rings_ = std::move(rings);
  held_back_ = bitmap(static_cast<std::uint32_t>(rings_.size()));
  for (std::uint32_t i = 0; i < rings_.size(); ++i) twins_ += rings_[i] != i;
  if (rings_.empty()) return;
  for (const auto& [piece, record] : begun_) {
    if (record.queued_chunks == 0) hold_twins_back(piece);
  }
}

std::vector<piece_index> chunk_queue::take_twins(piece_index piece) {
  SHOAL_ASSERT(verified(piece));
  std::vector<piece_index> twins;
  if (rings_.empty()) return twins;
  for (std::uint32_t i = piece.value(); rings_[i] != i;) {
    let_go(piece_index{i});
    if (!verified_.test(i)) twins.emplace_back(i);
    i = std::exchange(rings_[i], i);
    --twins_;
  }
  return twins;
}

void chunk_queue::hold_twins_back(piece_index piece) {
  if (rings_.empty()) return;
  for (std::uint32_t i = rings_[piece.value()]; i != piece.value(); i = rings_[i]) {
    const piece_index twin{i};
    if (!availability_.wanted(twin)) continue;
    availability_.set_wanted(twin, false);
    held_back_.set(i);
    held_back_bytes_ += shape_.piece_size(twin);
  }
}

void chunk_queue::let_twins_go(piece_index piece) {
  if (held_back_.none()) return;
  for (std::uint32_t i = rings_[piece.value()]; i != piece.value(); i = rings_[i]) let_go(piece_index{i});
}

void chunk_queue::let_twins_of_open_go() {
  for (auto i = open_.next_set(0); i < open_.size() && !held_back_.none(); i = open_.next_set(i + 1)) {
    let_twins_go(piece_index{i});
  }
}

void chunk_queue::let_go(piece_index piece) {
  if (!held_back(piece)) return;
  held_back_.reset(piece.value());
  held_back_bytes_ -= shape_.piece_size(piece);
  availability_.set_wanted(piece, true);
}

}  // namespace shoal
