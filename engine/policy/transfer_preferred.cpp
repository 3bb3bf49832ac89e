// transfer: a source that is asked first, because it uses nobody's link.
//
// What it holds is reserved: of other sources only the rest is looked at, so that nothing is asked of them, taken from
// it, or waited for. As soon as it cannot be asked, has stalled or is found lying, they count with all that they hold.

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "policy/transfer_state.hpp"

namespace shoal {

bool transfer::state::is_reserved(source_id id, piece_index piece) const {
  return reserved.size() != 0 && id != preferred && reserved.test(piece.value());
}

bitmap transfer::state::unreserved(source_id id, const bitmap& pieces) const {
  bitmap rest = pieces;
  if (reserved.size() == 0 || id == preferred) return rest;
  for (auto i = rest.next_common(reserved, 0); i < rest.size(); i = rest.next_common(reserved, i + 1)) rest.reset(i);
  return rest;
}

bool transfer::state::has(source_id id, piece_index piece) {
  const source& one = at(id);
  return (one.told.size() != 0 ? one.told : queue.held(id)).test(piece.value());
}

void transfer::state::reserve() {
  bitmap wanted;
  if (preferred && can_be_asked(at(*preferred)) && !queue.held(*preferred).none()) wanted = queue.held(*preferred);
  if (wanted == reserved) return;
  for (const source_id id : present) {
    if (id == preferred) continue;
    source& one = at(id);
    if (reserved.size() == 0) one.told = queue.held(id);
  }
  reserved = std::move(wanted);
  for (const source_id id : present) {
    if (id == preferred) continue;
    source& one = at(id);
    // What waits may be of pieces that are reserved now. What was asked for already may come.
    total.chunks_requeued += queue.on_lane_released(id);
    queue.on_bitmap(id, unreserved(id, one.told));
    if (reserved.size() == 0) one.told = {};
    one.theft_after = latest;
  }
  work_freed = true;
}

void transfer::state::reserve(piece_index piece) {
  if (reserved.size() == 0) return reserve();
  if (!reserved.set(piece.value())) return;
  for (const source_id id : present) {
    if (id == preferred || !queue.held(id).test(piece.value())) continue;
    const bool waits =
        std::ranges::any_of(queue.lane(id), [&](chunk_index chunk) { return queue.piece_of(chunk) == piece; });
    if (waits) {
      total.chunks_requeued += queue.on_lane_released(id);
      at(id).theft_after = latest;
      work_freed = true;
    }
    queue.on_have_gone(id, piece);
  }
}

void transfer::on_preferred(source_id source) {
  SHOAL_ASSERT(!state_->preferred && state_->find(source) != nullptr);
  state_->preferred = source;
}

void transfer::on_twins(piece_rings rings) {
  state_->queue.on_twins(std::move(rings));
}

std::vector<piece_index> transfer::take_twins(piece_index piece) {
  return state_->queue.take_twins(piece);
}

bool transfer::has_twins() const {
  return state_->queue.has_twins();
}

}  // namespace shoal
