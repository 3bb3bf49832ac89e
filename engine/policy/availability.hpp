// How many sources hold each piece, and the rarest one of those that a source offers: for rarest-first
// choice.
//
// Sources that hold everything are only counted, so a seeder costs nothing per piece. Pieces of equal rarity
// come in an order that the seed shuffles. Pure; owned by chunk_queue.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "core/bitmap.hpp"
#include "core/ids.hpp"

namespace shoal {

/// Pieces that one search looks at in order of rarity. A source that offers many pieces has one of the rarest
/// among these; for one that has not, a sample is good enough.
inline constexpr std::uint32_t rarest_scan_max = 256;
/// Offered pieces that are compared directly: all of them if a source offers no more, else a sample of this
/// many.
inline constexpr std::uint32_t rarest_sample_max = 64;

class availability {
 public:
  /// Every piece is wanted at first.
  availability(std::uint32_t piece_count, std::uint64_t seed);

  /// A source that held some pieces has one more. `piece` < piece_count. Constant time.
  void on_have(piece_index piece);
  /// As if the last on_have of the piece had not been. Constant time.
  void on_have_gone(piece_index piece);
  /// A source that holds these (piece_count bits).
  void on_bitmap(const bitmap& pieces);
  /// A source that held these is gone. A source that came to hold everything by on_have must be taken out
  /// with the bitmap it had before its last piece, and put in again as one that holds all.
  void on_bitmap_gone(const bitmap& pieces);

  /// Pieces not wanted (any more) are not offered. Constant time.
  void set_wanted(piece_index piece, bool wanted);

  /// Sources that hold the piece.
  std::uint32_t count(piece_index piece) const;
  /// Those of them that do not hold everything.
  std::uint32_t partial_count(piece_index piece) const { return counts_[piece.value()]; }
  /// The rarest wanted piece among `offered`, or nothing. `holder_has_all`: the source holds every piece, so
  /// that pieces that only such sources hold are looked at too. Bounded time: exact up to rarest_sample_max
  /// offered pieces and where one of the rarest rarest_scan_max is offered, else the rarest of a sample.
  std::optional<piece_index> rarest(const bitmap& offered, bool holder_has_all) const;

  void check_invariants() const;

 private:
  static constexpr std::uint32_t not_wanted = ~std::uint32_t{0};

  void insert(std::uint32_t piece);
  void remove(std::uint32_t piece);
  void move(std::uint32_t piece, std::uint32_t count);
  bool rarer(std::uint32_t piece, std::uint32_t than) const;
  std::optional<piece_index> rarest_of_sample(const bitmap& offered, std::uint32_t from) const;

  std::uint32_t full_sources_ = 0;
  std::vector<std::uint32_t> counts_;                ///< per piece: sources that hold it but not everything
  std::vector<std::uint32_t> positions_;             ///< per piece: place in its bucket, or not_wanted
  std::vector<std::vector<std::uint32_t>> buckets_;  ///< wanted pieces by count, each bucket in random order
  std::minstd_rand random_;
};

}  // namespace shoal
