#include "policy/chunk_choice.hpp"

#include "core/assert.hpp"
#include "policy/chunk_queue.hpp"

namespace shoal {

std::optional<chunk_index> next_of_begun(const chunk_queue& queue, source_id source) {
  const bitmap& open = queue.open_pieces(source);
  if (open.none()) return std::nullopt;
  piece_index best;
  const piece_record* best_record = nullptr;
  std::uint32_t compared = 0;
  for (auto i = open.next_set(0); i < open.size() && compared < begun_compared_max; i = open.next_set(i + 1)) {
    const piece_record* record = queue.begun(piece_index{i});
    if (best_record == nullptr || record->missing_blocks < best_record->missing_blocks) {
      best = piece_index{i};
      best_record = record;
    }
    if (++compared == open.count()) break;
  }
  for (std::uint32_t i = 0; i < best_record->chunks.size(); ++i) {
    if (best_record->chunks[i].queued()) return chunk_index{queue.shape().first_chunk(best).value() + i};
  }
  SHOAL_ASSERT(false && "an open piece has a queued chunk");
  return std::nullopt;
}

std::optional<chunk_index> choose_chunk(const chunk_queue& queue, source_id source) {
  if (const auto chunk = next_of_begun(queue, source)) return chunk;
  const auto piece = queue.rarity().rarest(queue.fresh_pieces(source), queue.held(source).all());
  return piece ? std::optional(queue.shape().first_chunk(*piece)) : std::nullopt;
}

}  // namespace shoal
