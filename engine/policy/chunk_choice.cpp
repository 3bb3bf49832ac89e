#include "policy/chunk_choice.hpp"

#include <algorithm>

#include "core/assert.hpp"
#include "policy/chunk_queue.hpp"

namespace shoal {

namespace {

/// The piece is open.
chunk_index first_queued(const chunk_queue& queue, piece_index piece) {
  const auto& chunks = queue.begun(piece)->chunks;
  const auto first = std::ranges::find_if(chunks, &chunk_record::queued);
  SHOAL_ASSERT(first != chunks.end());
  return chunk_index{queue.shape().first_chunk(piece).value() + static_cast<std::uint32_t>(first - chunks.begin())};
}

}  // namespace

std::optional<chunk_index> next_urgent(const chunk_queue& queue, source_id source) {
  for (const piece_index piece : queue.urgent()) {
    // What is held back comes with a piece that is on its way.
    if (!queue.held(source).test(piece.value()) || queue.verified(piece) || queue.held_back(piece)) continue;
    if (queue.begun(piece) == nullptr) return queue.shape().first_chunk(piece);
    if (queue.open_pieces().test(piece.value()) && queue.may_take(source, piece)) return first_queued(queue, piece);
  }
  return std::nullopt;
}

std::optional<chunk_index> next_of_begun(const chunk_queue& queue, source_id source, bool nowhere_else) {
  const bitmap& open = queue.open_pieces();
  if (open.none()) return std::nullopt;
  const bitmap& held = queue.held(source);
  piece_index best;
  const piece_record* best_record = nullptr;
  std::uint32_t looked_at = 0;
  std::uint32_t compared = 0;
  for (auto i = open.next_common(held, 0); i < open.size(); i = open.next_common(held, i + 1)) {
    const piece_record* record = queue.begun(piece_index{i});
    if (record->exclusive && !queue.may_take(source, piece_index{i})) continue;
    if (++looked_at > begun_scan_max) break;
    if (nowhere_else && queue.rarity().partial_count(piece_index{i}) > 0) continue;
    if (best_record == nullptr || record->missing_blocks < best_record->missing_blocks) {
      best = piece_index{i};
      best_record = record;
    }
    if (++compared == begun_compared_max) break;
  }
  if (best_record == nullptr) return std::nullopt;
  return first_queued(queue, best);
}

std::optional<chunk_index> choose_chunk(const chunk_queue& queue, source_id source) {
  if (const auto chunk = next_urgent(queue, source)) return chunk;
  const bool holds_all = queue.held(source).all();
  if (const auto chunk = next_of_begun(queue, source, holds_all)) return chunk;
  const auto piece = queue.rarity().rarest(queue.held(source));
  if (holds_all && (!piece || queue.rarity().partial_count(*piece) > 0)) {
    if (const auto chunk = next_of_begun(queue, source, false)) return chunk;
  }
  return piece ? std::optional(queue.shape().first_chunk(*piece)) : std::nullopt;
}

}  // namespace shoal
