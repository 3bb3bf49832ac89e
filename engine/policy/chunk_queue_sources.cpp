// chunk_queue: sources, what they hold and which pieces each may take from.

#include <algorithm>

#include "core/assert.hpp"
#include "policy/chunk_queue.hpp"

namespace shoal {

void chunk_queue::on_source(source_id source) {
  if (source.value() >= sources_.size()) sources_.resize(std::size_t{source.value()} + 1);
  SHOAL_ASSERT(!sources_[source.value()]);
  sources_[source.value()].emplace().held = bitmap(shape_.piece_count());
  present_.push_back(source);
  availability_.on_bitmap(at(source).held);
}

std::uint32_t chunk_queue::on_source_gone(source_id source) {
  const std::uint32_t given_back = on_all_released(source);
  availability_.on_bitmap_gone(at(source).held);
  std::erase(present_, source);
  sources_[source.value()].reset();
  let_twins_of_open_go();
  return given_back;
}

void chunk_queue::on_able(source_id source, bool able) {
  at(source).able = able;
  if (!able) let_twins_of_open_go();
}

void chunk_queue::on_have(source_id source, piece_index piece) {
  source_record& holder = at(source);
  if (holder.held.test(piece.value())) return;
  on_promise_broken(piece);
  if (holder.held.count() + 1 == holder.held.size()) {
    // From now on the source counts among those that hold everything.
    availability_.on_bitmap_gone(holder.held);
    holder.held.set(piece.value());
    availability_.on_bitmap(holder.held);
  } else {
    holder.held.set(piece.value());
    availability_.on_have(piece);
  }
}

void chunk_queue::on_have_gone(source_id source, piece_index piece) {
  source_record& holder = at(source);
  if (!holder.held.test(piece.value())) return;
  if (holder.held.all()) {
    availability_.on_bitmap_gone(holder.held);
    holder.held.reset(piece.value());
    availability_.on_bitmap(holder.held);
  } else {
    holder.held.reset(piece.value());
    availability_.on_have_gone(piece);
  }
  if (open_.test(piece.value())) let_twins_go(piece);
}

void chunk_queue::on_bitmap(source_id source, const bitmap& pieces) {
  SHOAL_ASSERT(pieces.size() == shape_.piece_count());
  availability_.on_bitmap_gone(at(source).held);
  at(source).held = pieces;
  availability_.on_bitmap(pieces);
  let_twins_of_open_go();
  for (auto i = promised_.next_set(0); i < promised_.size() && !pieces.all(); i = promised_.next_set(i + 1)) {
    if (pieces.test(i)) on_promise_broken(piece_index{i});
  }
}

void chunk_queue::on_promised(piece_index piece) {
  if (availability_.partial_count(piece) == 0 && promised_.set(piece.value())) availability_.on_have(piece);
}

void chunk_queue::on_promise_broken(piece_index piece) {
  if (promised_.reset(piece.value())) availability_.on_have_gone(piece);
}

// What each source may take.

bool chunk_queue::may_take(source_id source, piece_index index) const {
  const piece_record* piece = begun(index);
  SHOAL_ASSERT(piece != nullptr);
  if (piece->queued_chunks == 0 || !at(source).held.test(index.value())) return false;
  if (!piece->exclusive) return true;
  if (piece->owner) return *piece->owner == source;
  const auto suspected = [&](source_id id) {
    return std::find(piece->suspects.begin(), piece->suspects.end(), id) != piece->suspects.end();
  };
  if (!suspected(source)) return true;
  return std::none_of(present_.begin(), present_.end(),
                      [&](source_id id) { return !suspected(id) && at(id).able && at(id).held.test(index.value()); });
}

void chunk_queue::disown(source_id source) {
  for (const auto index : exclusive_) {
    piece_record& piece = piece_at(index);
    if (piece.owner != source) continue;
    const bool at_work = std::any_of(piece.chunks.begin(), piece.chunks.end(), [&](const chunk_record& record) {
      return record.lane == source || record.claimed_by(source) != 0;
    });
    if (at_work) continue;
    piece.owner.reset();
    if (std::find(piece.suspects.begin(), piece.suspects.end(), source) == piece.suspects.end()) {
      piece.suspects.push_back(source);
    }
  }
}

}  // namespace shoal
