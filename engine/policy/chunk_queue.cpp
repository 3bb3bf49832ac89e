#include "policy/chunk_queue.hpp"

#include <algorithm>
#include <bit>

#include "core/assert.hpp"
#include "policy/chunk_choice.hpp"

namespace shoal {

block_mask chunk_record::claimed() const {
  block_mask all = 0;
  for (const auto& claim : claims) all |= claim.blocks;
  return all;
}

block_mask chunk_record::claimed_by(source_id source) const {
  for (const auto& claim : claims) {
    if (claim.source == source) return claim.blocks;
  }
  return 0;
}

chunk_queue::chunk_queue(const geometry& shape, const bitmap& verified, std::uint64_t seed)
    : shape_(shape),
      availability_(shape.piece_count(), seed),
      verified_(verified),
      open_(shape.piece_count()),
      promised_(shape.piece_count()) {
  SHOAL_ASSERT(verified.size() == shape.piece_count());
  for (std::uint32_t i = 0; i < verified.size(); ++i) {
    if (verified.test(i)) {
      availability_.set_wanted(piece_index{i}, false);
    } else {
      missing_bytes_ += shape.piece_size(piece_index{i});
    }
  }
}

chunk_queue::~chunk_queue() = default;

chunk_queue::source_record& chunk_queue::at(source_id source) {
  SHOAL_ASSERT(source.value() < sources_.size() && sources_[source.value()]);
  return *sources_[source.value()];
}

const chunk_queue::source_record& chunk_queue::at(source_id source) const {
  SHOAL_ASSERT(source.value() < sources_.size() && sources_[source.value()]);
  return *sources_[source.value()];
}

piece_record& chunk_queue::piece_at(piece_index piece) {
  const auto found = begun_.find(piece);
  SHOAL_ASSERT(found != begun_.end());
  return found->second;
}

chunk_record& chunk_queue::chunk_at(chunk_index chunk) {
  return piece_at(piece_of(chunk)).chunks[chunk.value() % shape_.chunks_per_piece()];
}

const piece_record* chunk_queue::begun(piece_index piece) const {
  // Called for each `have`, so the bits are tested first.
  if (availability_.wanted(piece) || verified(piece) || held_back(piece)) return nullptr;
  return &begun_.at(piece);
}

const chunk_record& chunk_queue::record(chunk_index chunk) const {
  const piece_record* piece = begun(piece_of(chunk));
  SHOAL_ASSERT(piece != nullptr);
  return piece->chunks[chunk.value() % shape_.chunks_per_piece()];
}

byte_range chunk_queue::range_of(chunk_index chunk, std::uint32_t first, std::uint32_t count) const {
  const chunk_range whole = shape_.chunk(chunk);
  const std::uint32_t begin = first * block_bytes;
  return {whole.piece, whole.begin + begin, std::min(count * block_bytes, whole.bytes - begin)};
}

std::uint32_t chunk_queue::bytes_of(chunk_index chunk, block_mask blocks) const {
  const chunk_range whole = shape_.chunk(chunk);
  const auto count = static_cast<std::uint32_t>(std::popcount(blocks));
  const bool last = (blocks >> (whole.blocks - 1) & 1) != 0;
  return count * block_bytes - (last ? whole.blocks * block_bytes - whole.bytes : 0);
}

// Changes of one chunk.

template <class Change>
void chunk_queue::change(chunk_index chunk, Change&& how) {
  const piece_index index = piece_of(chunk);
  piece_record& piece = piece_at(index);
  chunk_record& record = piece.chunks[chunk.value() % shape_.chunks_per_piece()];
  const bool was_queued = record.queued();
  const block_mask was_missing = record.missing();
  if (record.lane) at(*record.lane).lane_bytes -= bytes_of(chunk, record.open());
  how(record);
  if (record.lane && record.open() == 0) {
    std::erase(at(*record.lane).lane, chunk);
    record.lane.reset();
  }
  if (record.lane) at(*record.lane).lane_bytes += bytes_of(chunk, record.open());
  if (const block_mask missing = record.missing(); missing != was_missing) {
    piece.missing_blocks += static_cast<std::uint32_t>(std::popcount(missing));
    piece.missing_blocks -= static_cast<std::uint32_t>(std::popcount(was_missing));
    missing_bytes_ += bytes_of(chunk, missing);
    missing_bytes_ -= bytes_of(chunk, was_missing);
  }
  if (was_queued == record.queued()) return;
  if (was_queued) {
    if (--piece.queued_chunks == 0) open_.reset(index.value());
  } else {
    if (++piece.queued_chunks == 1) open_.set(index.value());
    // It was given back.
    let_twins_go(index);
  }
}

void chunk_queue::begin(piece_index piece) {
  let_go(piece);
  piece_record record;
  const std::uint32_t chunks = (shape_.piece_size(piece) + shape_.chunk_bytes() - 1) / shape_.chunk_bytes();
  record.chunks.resize(chunks);
  for (std::uint32_t i = 0; i < chunks; ++i) {
    const chunk_index chunk{shape_.first_chunk(piece).value() + i};
    record.chunks[i].blocks = blocks_from(0, shape_.chunk(chunk).blocks);
  }
  record.missing_blocks = shape_.piece_blocks(piece);
  record.queued_chunks = chunks;
  begun_.emplace(piece, std::move(record));
  open_.set(piece.value());
  availability_.set_wanted(piece, false);
}

void chunk_queue::unbegin_if_untouched(piece_index piece) {
  const piece_record& record = piece_at(piece);
  if (record.exclusive || record.queued_chunks < record.chunks.size()) return;
  const bool touched = std::any_of(record.chunks.begin(), record.chunks.end(), [](const chunk_record& chunk) {
    return chunk.arrived != 0 || !chunk.claims.empty();
  });
  if (touched) return;
  begun_.erase(piece);
  open_.reset(piece.value());
  availability_.set_wanted(piece, true);
  let_twins_go(piece);
}

void chunk_queue::put_in_lane(source_id source, chunk_index chunk) {
  change(chunk, [&](chunk_record& record) {
    if (record.lane) std::erase(at(*record.lane).lane, chunk);
    record.lane = source;
    auto& lane = at(source).lane;
    lane.push_back(chunk);
  });
}

void chunk_queue::claim(source_id source, chunk_index chunk, block_mask blocks) {
  change(chunk, [&](chunk_record& record) {
    for (auto& claim : record.claims) {
      if (claim.source != source) continue;
      claim.blocks |= blocks;
      return;
    }
    record.claims.push_back({source, blocks});
    at(source).claimed.push_back(chunk);
  });
}

block_mask chunk_queue::unclaim(source_id source, chunk_index chunk, block_mask blocks) {
  block_mask ended = 0;
  change(chunk, [&](chunk_record& record) {
    const auto claim = std::find_if(record.claims.begin(), record.claims.end(),
                                    [&](const chunk_claim& one) { return one.source == source; });
    if (claim == record.claims.end()) return;
    ended = claim->blocks & blocks;
    claim->blocks &= ~blocks;
    if (claim->blocks != 0) return;
    record.claims.erase(claim);
    std::erase(at(source).claimed, chunk);
  });
  return ended;
}

// The life of a chunk.

std::optional<chunk_index> chunk_queue::next_chunk(source_id source) {
  const auto chunk = choose_chunk(*this, source);
  if (!chunk) return std::nullopt;
  const piece_index index = piece_of(*chunk);
  if (availability_.wanted(index)) begin(index);
  piece_record& piece = piece_at(index);
  if (piece.exclusive && !piece.owner) piece.owner = source;
  put_in_lane(source, *chunk);
  hold_twins_back(index);
  return chunk;
}

std::optional<byte_range> chunk_queue::next_range(source_id source, std::uint32_t bytes_max) {
  const auto& lane = at(source).lane;
  if (lane.empty()) return std::nullopt;
  const chunk_index chunk = lane.front();
  const block_mask open = chunk_at(chunk).open();
  const auto first = static_cast<std::uint32_t>(std::countr_zero(open));
  const auto run = static_cast<std::uint32_t>(std::countr_one(open >> first));
  const std::uint32_t count = std::clamp(bytes_max / block_bytes, 1u, run);
  claim(source, chunk, blocks_from(first, count));
  return range_of(chunk, first, count);
}

block_mask chunk_queue::on_arrived(source_id source, chunk_index chunk, block_mask blocks,
                                   std::vector<chunk_claim>& void_claims) {
  if (verified(piece_of(chunk))) return 0;
  // The source was asked for it, and has declined it or given it up since.
  if (begun(piece_of(chunk)) == nullptr) begin(piece_of(chunk));
  const block_mask news = record(chunk).missing() & blocks;
  if (news == 0) return 0;
  // Before the claims end, so that their blocks are not queued for a moment.
  change(chunk, [&](chunk_record& record) { record.arrived |= news; });
  const auto& claims = record(chunk).claims;
  for (std::size_t i = claims.size(); i-- > 0;) {
    const source_id claimant = claims[i].source;
    const block_mask ended = unclaim(claimant, chunk, news);
    if (ended != 0 && claimant != source) void_claims.push_back({claimant, ended});
  }
  const auto owner = piece_at(piece_of(chunk)).owner;
  if (owner && !at(*owner).able) disown(*owner);
  return news;
}

void chunk_queue::on_released(source_id source, chunk_index chunk, block_mask blocks) {
  const piece_index index = piece_of(chunk);
  if (begun(index) == nullptr) return;
  if (unclaim(source, chunk, blocks) != 0) disown(source);
}

void chunk_queue::on_declined(source_id source, chunk_index chunk, block_mask blocks) {
  on_released(source, chunk, blocks);
  if (begun(piece_of(chunk)) != nullptr) unbegin_if_untouched(piece_of(chunk));
}

std::uint32_t chunk_queue::on_lane_released(source_id source) {
  std::uint32_t given_back = 0;
  while (!at(source).lane.empty()) {
    const chunk_index chunk = at(source).lane.back();
    at(source).lane.pop_back();
    change(chunk, [](chunk_record& record) { record.lane.reset(); });
    ++given_back;
  }
  disown(source);
  return given_back;
}

std::uint32_t chunk_queue::on_all_released(source_id source) {
  std::uint32_t given_back = on_lane_released(source);
  while (!at(source).claimed.empty()) {
    on_released(source, at(source).claimed.back(), ~block_mask{0});
    ++given_back;
  }
  return given_back;
}

void chunk_queue::on_lost(piece_index piece, std::span<const std::uint32_t> blocks) {
  const std::uint32_t blocks_per_chunk = shape_.chunk_bytes() / block_bytes;
  for (const auto block : blocks) {
    const chunk_index chunk{shape_.first_chunk(piece).value() + block / blocks_per_chunk};
    change(chunk, [&](chunk_record& record) { record.arrived &= ~blocks_from(block % blocks_per_chunk, 1); });
  }
}

void chunk_queue::on_verified(piece_index piece) {
  const piece_record& record = piece_at(piece);
  SHOAL_ASSERT(record.missing_blocks == 0 && record.queued_chunks == 0);
  if (record.exclusive) std::erase(exclusive_, piece);
  begun_.erase(piece);
  verified_.set(piece.value());
  let_twins_go(piece);
}

void chunk_queue::on_exclusive(piece_index piece, std::vector<source_id> suspects) {
  piece_record& record = piece_at(piece);
  if (!record.exclusive) exclusive_.push_back(piece);
  record.exclusive = true;
  record.owner.reset();
  record.suspects = std::move(suspects);
}

// Theft.

void chunk_queue::on_stolen_waiting(source_id thief, source_id victim, chunk_index chunk) {
  SHOAL_ASSERT(chunk_at(chunk).lane == victim);
  put_in_lane(thief, chunk);
}

void chunk_queue::on_asked_too(source_id thief, chunk_index chunk, block_mask blocks) {
  SHOAL_ASSERT(blocks != 0 && (blocks & ~chunk_at(chunk).missing()) == 0);
  SHOAL_ASSERT((chunk_at(chunk).claimed_by(thief) & blocks) == 0);
  claim(thief, chunk, blocks);
}

void chunk_queue::on_taken_over(source_id thief, chunk_index chunk, block_mask blocks,
                                std::vector<chunk_claim>& void_claims) {
  on_asked_too(thief, chunk, blocks);
  const auto& claims = record(chunk).claims;
  for (std::size_t i = claims.size(); i-- > 0;) {
    const source_id claimant = claims[i].source;
    if (claimant == thief) continue;
    const block_mask ended = unclaim(claimant, chunk, blocks);
    if (ended != 0) void_claims.push_back({claimant, ended});
  }
}

void chunk_queue::on_owner_late(piece_index index, std::vector<std::pair<chunk_index, block_mask>>& void_claims) {
  piece_record& piece = piece_at(index);
  SHOAL_ASSERT(piece.exclusive && piece.owner);
  const source_id owner = *piece.owner;
  for (std::uint32_t i = 0; i < piece.chunks.size(); ++i) {
    const chunk_index chunk{shape_.first_chunk(index).value() + i};
    if (piece.chunks[i].lane == owner) {
      std::erase(at(owner).lane, chunk);
      change(chunk, [&](chunk_record& record) { record.lane.reset(); });
    }
    const block_mask ended = unclaim(owner, chunk, ~block_mask{0});
    if (ended != 0) void_claims.push_back({chunk, ended});
  }
  disown(owner);
}

}  // namespace shoal
