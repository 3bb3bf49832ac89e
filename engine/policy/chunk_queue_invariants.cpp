#include <algorithm>
#include <bit>

#include "core/assert.hpp"
#include "policy/chunk_queue.hpp"

namespace shoal {

void chunk_queue::check_invariants() const {
  availability_.check_invariants();
  std::uint32_t open = 0;
  std::size_t lane_chunks = 0;
  std::size_t claims = 0;
  std::size_t exclusive = 0;
  std::uint64_t missing_bytes = 0;
  for (const auto& [index, piece] : begun_) {
    SHOAL_ASSERT(!verified_.test(index.value()) && !availability_.wanted(index));
    std::uint32_t queued = 0;
    std::uint32_t missing = 0;
    std::uint32_t blocks = 0;
    for (std::uint32_t i = 0; i < piece.chunks.size(); ++i) {
      const chunk_record& record = piece.chunks[i];
      const chunk_index chunk{shape_.first_chunk(index).value() + i};
      blocks += static_cast<std::uint32_t>(std::popcount(record.blocks));
      missing += static_cast<std::uint32_t>(std::popcount(record.missing()));
      SHOAL_ASSERT((record.arrived & ~record.blocks) == 0);
      for (const auto& claim : record.claims) {
        SHOAL_ASSERT(claim.blocks != 0 && (claim.blocks & ~record.missing()) == 0);
        SHOAL_ASSERT(std::ranges::count(at(claim.source).claimed, chunk) == 1);
        SHOAL_ASSERT(!piece.exclusive || piece.owner == claim.source);
        ++claims;
      }
      if (record.lane) {
        SHOAL_ASSERT(record.open() != 0);
        SHOAL_ASSERT(std::ranges::count(at(*record.lane).lane, chunk) == 1);
        SHOAL_ASSERT(!piece.exclusive || piece.owner == record.lane);
        ++lane_chunks;
      }
      missing_bytes += bytes_of(chunk, record.missing());
      if (record.queued()) ++queued;
    }
    SHOAL_ASSERT(blocks == shape_.piece_blocks(index));
    SHOAL_ASSERT(missing == piece.missing_blocks && queued == piece.queued_chunks);
    SHOAL_ASSERT(open_.test(index.value()) == (queued > 0));
    open += queued > 0;
    if (piece.exclusive) {
      ++exclusive;
      SHOAL_ASSERT(std::ranges::count(exclusive_, index) == 1);
    }
  }
  for (std::uint32_t i = 0; i < shape_.piece_count(); ++i) {
    if (availability_.wanted(piece_index{i})) missing_bytes += shape_.piece_size(piece_index{i});
  }
  std::uint64_t held_back_bytes = 0;
  std::uint32_t twins = 0;
  for (std::uint32_t i = 0; i < rings_.size(); ++i) {
    twins += rings_[i] != i;
    if (!held_back_.test(i)) continue;
    held_back_bytes += shape_.piece_size(piece_index{i});
    SHOAL_ASSERT(!verified_.test(i) && !availability_.wanted(piece_index{i}) && !begun_.contains(piece_index{i}));
    // What it waits for is on its way.
    bool waits = false;
    for (std::uint32_t twin = rings_[i]; twin != i; twin = rings_[twin]) {
      waits = waits || begun_.contains(piece_index{twin});
    }
    SHOAL_ASSERT(waits);
  }
  SHOAL_ASSERT(twins == twins_ && held_back_bytes == held_back_bytes_);
  SHOAL_ASSERT(missing_bytes + held_back_bytes == missing_bytes_);
  SHOAL_ASSERT(open == open_.count() && exclusive == exclusive_.size());
  SHOAL_ASSERT(availability_.wanted_count() + verified_.count() + begun_.size() + held_back_.count() ==
               shape_.piece_count());

  for (const auto id : present_) {
    const source_record& source = at(id);
    SHOAL_ASSERT(lane_chunks >= source.lane.size() && claims >= source.claimed.size());
    lane_chunks -= source.lane.size();
    std::uint64_t waiting = 0;
    for (const auto chunk : source.lane) waiting += bytes_of(chunk, record(chunk).open());
    SHOAL_ASSERT(waiting == source.lane_bytes);
    claims -= source.claimed.size();
  }
  SHOAL_ASSERT(lane_chunks == 0 && claims == 0);
}

}  // namespace shoal
