// chunk_queue: sources, what they hold and which pieces each may take from.

#include <algorithm>

#include "core/assert.hpp"
#include "policy/chunk_queue.hpp"

namespace shoal {

void chunk_queue::on_source(source_id source) {
  if (source.value() >= sources_.size()) sources_.resize(std::size_t{source.value()} + 1);
  SHOAL_ASSERT(!sources_[source.value()]);
  auto record = std::make_unique<source_record>();
  record->held = bitmap(shape_.piece_count());
  clear_offers(*record);
  sources_[source.value()] = std::move(record);
  present_.push_back(source);
  availability_.on_bitmap(at(source).held);
}

std::uint32_t chunk_queue::on_source_gone(source_id source) {
  const std::uint32_t given_back = on_all_released(source);
  disown(source);
  availability_.on_bitmap_gone(at(source).held);
  std::erase(present_, source);
  sources_[source.value()].reset();
  offer_exclusive();
  return given_back;
}

void chunk_queue::on_able(source_id source, bool able) {
  if (at(source).able == able) return;
  at(source).able = able;
  offer_exclusive();
}

void chunk_queue::on_have(source_id source, piece_index piece) {
  source_record& holder = at(source);
  if (holder.held.test(piece.value())) return;
  on_promise_broken(piece);
  if (holder.held.count() + 1 == holder.held.size()) {
    // From now on counted among those that hold everything.
    availability_.on_bitmap_gone(holder.held);
    holder.held.set(piece.value());
    availability_.on_bitmap(holder.held);
  } else {
    holder.held.set(piece.value());
    availability_.on_have(piece);
  }
  if (verified_.test(piece.value())) return;
  ++holder.wanted;
  if (fresh_.test(piece.value())) {
    holder.fresh.set(piece.value());
    return;
  }
  const piece_record& record = piece_at(piece);
  if (record.exclusive) {
    offer(piece);
  } else if (record.queued_chunks > 0) {
    holder.open.set(piece.value());
  }
}

void chunk_queue::on_bitmap(source_id source, const bitmap& pieces) {
  SHOAL_ASSERT(pieces.size() == shape_.piece_count());
  availability_.on_bitmap_gone(at(source).held);
  at(source).held = pieces;
  availability_.on_bitmap(pieces);
  for (auto i = promised_.next_set(0); i < promised_.size() && !pieces.all(); i = promised_.next_set(i + 1)) {
    if (pieces.test(i)) on_promise_broken(piece_index{i});
  }
  offer_all(source);
  offer_exclusive();
}

void chunk_queue::on_promised(piece_index piece) {
  if (availability_.partial_count(piece) == 0 && promised_.set(piece.value())) availability_.on_have(piece);
}

void chunk_queue::on_promise_broken(piece_index piece) {
  if (promised_.reset(piece.value())) availability_.on_have_gone(piece);
}

// What each source may take.

void chunk_queue::clear_offers(source_record& source) {
  source.fresh = bitmap(shape_.piece_count());
  source.open = bitmap(shape_.piece_count());
}

void chunk_queue::offer_all(source_id source) {
  source_record& holder = at(source);
  clear_offers(holder);
  holder.wanted = 0;
  for (auto i = holder.held.next_set(0); i < holder.held.size(); i = holder.held.next_set(i + 1)) {
    if (verified_.test(i)) continue;
    ++holder.wanted;
    if (fresh_.test(i)) {
      holder.fresh.set(i);
    } else if (may_take(source, piece_at(piece_index{i}), piece_index{i})) {
      holder.open.set(i);
    }
  }
}

bool chunk_queue::may_take(source_id source, const piece_record& piece, piece_index index) const {
  if (piece.queued_chunks == 0 || !at(source).held.test(index.value())) return false;
  if (!piece.exclusive) return true;
  if (piece.owner) return *piece.owner == source;
  const auto suspected = [&](source_id id) {
    return std::find(piece.suspects.begin(), piece.suspects.end(), id) != piece.suspects.end();
  };
  if (!suspected(source)) return true;
  return std::none_of(present_.begin(), present_.end(),
                      [&](source_id id) { return !suspected(id) && at(id).able && at(id).held.test(index.value()); });
}

void chunk_queue::offer(piece_index piece) {
  const std::uint32_t index = piece.value();
  const bool fresh = fresh_.test(index);
  const piece_record* record = begun(piece);
  for (const auto id : present_) {
    source_record& source = at(id);
    if (!source.held.test(index)) continue;
    if (fresh) {
      source.fresh.set(index);
    } else {
      source.fresh.reset(index);
    }
    if (record != nullptr && may_take(id, *record, piece)) {
      source.open.set(index);
    } else {
      source.open.reset(index);
    }
  }
}

void chunk_queue::offer_exclusive() {
  for (const auto piece : exclusive_) offer(piece);
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
    piece.suspects.push_back(source);
    offer(index);
  }
}

}  // namespace shoal
