#include "policy/availability.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"

namespace shoal {

availability::availability(std::uint32_t piece_count, std::uint64_t seed)
    : counts_(piece_count, 0),
      wanted_(piece_count),
      positions_(piece_count, 0),
      buckets_(1),
      random_(static_cast<std::uint32_t>(seed ^ seed >> 32)) {
  buckets_[0].reserve(piece_count);
  wanted_.set_all();
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
}

void availability::move(std::uint32_t piece, std::uint32_t count) {
  const bool wanted = wanted_.test(piece);
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
  if (wanted && wanted_.set(index)) insert(index);
  if (!wanted && wanted_.reset(index)) remove(index);
}

std::uint32_t availability::count(piece_index piece) const {
  return full_sources_ + counts_[piece.value()];
}

bool availability::rarer(std::uint32_t piece, std::uint32_t than) const {
  return std::pair(counts_[piece], positions_[piece]) < std::pair(counts_[than], positions_[than]);
}

piece_index availability::rarest_of_sample(const bitmap& held, std::uint32_t samples, std::uint32_t from) const {
  std::uint32_t best = held.size();
  std::uint32_t next = from;
  for (std::uint32_t i = 0; i < samples; ++i, ++next) {
    next = held.next_common(wanted_, next);
    if (next == held.size()) next = held.next_common(wanted_, 0);
    if (best == held.size() || rarer(next, best)) best = next;
  }
  return piece_index{best};
}

std::optional<piece_index> availability::rarest(const bitmap& held) const {
  const std::uint32_t offered = held.count_common(wanted_);
  if (offered == 0) return std::nullopt;
  if (offered <= rarest_sample_max) return rarest_of_sample(held, offered, 0);
  std::uint32_t looked_at = 0;
  std::uint32_t last = 0;
  // A source that does not hold everything was itself counted for each piece that it holds.
  for (std::size_t count = held.all() ? 0 : 1; count < buckets_.size(); ++count) {
    for (const std::uint32_t piece : buckets_[count]) {
      if (held.test(piece)) return piece_index{piece};
      last = piece;
      if (++looked_at == rarest_scan_max) return rarest_of_sample(held, rarest_sample_max, last);
    }
  }
  SHOAL_ASSERT(false && "a wanted piece that is held is in a bucket");
  return std::nullopt;
}

void availability::check_invariants() const {
  std::size_t wanted = 0;
  for (std::size_t count = 0; count < buckets_.size(); ++count) {
    for (std::size_t place = 0; place < buckets_[count].size(); ++place) {
      const std::uint32_t piece = buckets_[count][place];
      SHOAL_ASSERT(counts_[piece] == count);
      SHOAL_ASSERT(wanted_.test(piece) && positions_[piece] == place);
      ++wanted;
    }
  }
  SHOAL_ASSERT(wanted == wanted_.count());
}

}  // namespace shoal
