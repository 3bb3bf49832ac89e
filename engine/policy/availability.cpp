#include "policy/availability.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"

namespace shoal {

availability::availability(std::uint32_t piece_count, std::uint64_t seed)
    : counts_(piece_count, 0),
      positions_(piece_count, not_wanted),
      buckets_(1),
      random_(static_cast<std::uint32_t>(seed ^ seed >> 32)) {
  buckets_[0].reserve(piece_count);
  for (std::uint32_t piece = 0; piece < piece_count; ++piece) insert(piece);
}

void availability::insert(std::uint32_t piece) {
  const std::uint32_t count = counts_[piece];
  if (count >= buckets_.size()) buckets_.resize(std::size_t{count} + 1);
  auto& bucket = buckets_[count];
  // Into a random place, so that every order within a bucket is equally likely.
  const auto place = static_cast<std::uint32_t>(random_() % (bucket.size() + 1));
  if (place < bucket.size()) {
    positions_[bucket[place]] = static_cast<std::uint32_t>(bucket.size());
    bucket.push_back(bucket[place]);
    bucket[place] = piece;
  } else {
    bucket.push_back(piece);
  }
  positions_[piece] = place;
}

void availability::remove(std::uint32_t piece) {
  auto& bucket = buckets_[counts_[piece]];
  const std::uint32_t place = positions_[piece];
  bucket[place] = bucket.back();
  positions_[bucket[place]] = place;
  bucket.pop_back();
  positions_[piece] = not_wanted;
}

void availability::move(std::uint32_t piece, std::uint32_t count) {
  const bool wanted = positions_[piece] != not_wanted;
  if (wanted) remove(piece);
  counts_[piece] = count;
  if (wanted) insert(piece);
}

void availability::on_have(piece_index piece) {
  move(piece.value(), counts_[piece.value()] + 1);
}

void availability::on_have_gone(piece_index piece) {
  SHOAL_ASSERT(counts_[piece.value()] > 0);
  move(piece.value(), counts_[piece.value()] - 1);
}

void availability::on_bitmap(const bitmap& pieces) {
  SHOAL_ASSERT(pieces.size() == counts_.size());
  if (pieces.all()) {
    ++full_sources_;
    return;
  }
  for (auto i = pieces.next_set(0); i < pieces.size(); i = pieces.next_set(i + 1)) move(i, counts_[i] + 1);
}

void availability::on_bitmap_gone(const bitmap& pieces) {
  SHOAL_ASSERT(pieces.size() == counts_.size());
  if (pieces.all()) {
    SHOAL_ASSERT(full_sources_ > 0);
    --full_sources_;
    return;
  }
  for (auto i = pieces.next_set(0); i < pieces.size(); i = pieces.next_set(i + 1)) {
    SHOAL_ASSERT(counts_[i] > 0);
    move(i, counts_[i] - 1);
  }
}

void availability::set_wanted(piece_index piece, bool wanted) {
  const std::uint32_t index = piece.value();
  if (wanted == (positions_[index] != not_wanted)) return;
  if (wanted) {
    insert(index);
  } else {
    remove(index);
  }
}

std::uint32_t availability::count(piece_index piece) const {
  return full_sources_ + counts_[piece.value()];
}

bool availability::rarer(std::uint32_t piece, std::uint32_t than) const {
  return std::pair(counts_[piece], positions_[piece]) < std::pair(counts_[than], positions_[than]);
}

std::optional<piece_index> availability::rarest_of_sample(const bitmap& offered, std::uint32_t from) const {
  std::optional<std::uint32_t> best;
  const std::uint32_t samples = std::min(offered.count(), rarest_sample_max);
  std::uint32_t next = from;
  for (std::uint32_t i = 0; i < samples; ++i, ++next) {
    next = offered.next_set(next);
    if (next == offered.size()) next = offered.next_set(0);
    if (positions_[next] == not_wanted) continue;
    if (!best || rarer(next, *best)) best = next;
  }
  return best ? std::optional(piece_index{*best}) : std::nullopt;
}

std::optional<piece_index> availability::rarest(const bitmap& offered, bool holder_has_all) const {
  if (offered.none()) return std::nullopt;
  if (offered.count() <= rarest_sample_max) return rarest_of_sample(offered, 0);
  std::uint32_t looked_at = 0;
  std::uint32_t last = 0;
  // What a source holds that does not hold all was counted at least once, by itself.
  for (std::size_t count = holder_has_all ? 0 : 1; count < buckets_.size(); ++count) {
    for (const std::uint32_t piece : buckets_[count]) {
      if (offered.test(piece)) return piece_index{piece};
      last = piece;
      if (++looked_at == rarest_scan_max) return rarest_of_sample(offered, last);
    }
  }
  return rarest_of_sample(offered, last);
}

void availability::check_invariants() const {
  std::size_t wanted = 0;
  for (std::size_t count = 0; count < buckets_.size(); ++count) {
    for (std::size_t place = 0; place < buckets_[count].size(); ++place) {
      const std::uint32_t piece = buckets_[count][place];
      SHOAL_ASSERT(counts_[piece] == count);
      SHOAL_ASSERT(positions_[piece] == place);
      ++wanted;
    }
  }
  const auto unwanted = std::count(positions_.begin(), positions_.end(), not_wanted);
  SHOAL_ASSERT(wanted + static_cast<std::size_t>(unwanted) == counts_.size());
}

}  // namespace shoal
