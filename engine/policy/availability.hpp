// How many sources hold each piece, and which wanted piece of one source is the rarest: for rarest-first choice.
//
// Sources that hold everything are only counted, so a seeder costs nothing per piece. The seed shuffles pieces of equal
// rarity. Pure; owned by chunk_queue.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "core/bitmap.hpp"
#include "core/ids.hpp"

namespace shoal {

/// Pieces that one search looks at, in order of rarity. A source that holds many wanted pieces has one of the rarest
/// among these. For any other source a sample is good enough.
inline constexpr std::uint32_t rarest_scan_max = 256;
/// Wanted pieces of a source that are compared directly. A source that holds more is judged by a sample of this many.
inline constexpr std::uint32_t rarest_sample_max = 64;

class availability {
 public:
  /// Every piece is wanted at first.
  availability(std::uint32_t piece_count, std::uint64_t seed);

  /// A source that held some pieces holds one more. `piece` < piece_count. Constant time.
  void on_have(piece_index piece);
  /// Takes the last on_have() of the piece back. Constant time.
  void on_have_gone(piece_index piece);
  /// A source came that holds these pieces (piece_count bits).
  void on_bitmap(const bitmap& pieces);
  /// A source that held these pieces is gone. A source may come to hold everything by on_have(). The caller then takes
  /// it out with the bitmap from before its last piece, and puts it in again as one that holds all.
  void on_bitmap_gone(const bitmap& pieces);

  /// A piece that is not wanted is not chosen. Constant time.
  void set_wanted(piece_index piece, bool wanted);
  bool wanted(piece_index piece) const { return wanted_.test(piece.value()); }
  std::uint32_t wanted_count() const { return wanted_.count(); }

  /// Sources that hold the piece.
  std::uint32_t count(piece_index piece) const;
  /// Sources that hold the piece, but not everything.
  std::uint32_t partial_count(piece_index piece) const { return counts_[piece.value()]; }
  /// The rarest wanted piece among `held`, which one source holds; nothing if there is none. Exact in two cases: at
  /// most rarest_sample_max such pieces are held, or one of the rarest rarest_scan_max is held. Otherwise the rarest of
  /// a sample.
  std::optional<piece_index> rarest(const bitmap& held) const;

  void check_invariants() const;

 private:
  void insert(std::uint32_t piece);
  void remove(std::uint32_t piece);
  void move(std::uint32_t piece, std::uint32_t count);
  bool rarer(std::uint32_t piece, std::uint32_t than) const;
  /// `samples`: at most the number of held pieces.
  piece_index rarest_of_sample(const bitmap& held, std::uint32_t samples, std::uint32_t from) const;

  std::uint32_t full_sources_ = 0;
  std::vector<std::uint32_t> counts_;  ///< per piece: sources that hold it, but not everything
  bitmap wanted_;
  std::vector<std::uint32_t> positions_;             ///< per wanted piece: place in its bucket
  std::vector<std::vector<std::uint32_t>> buckets_;  ///< wanted pieces by count, each bucket in random order
  std::minstd_rand random_;
};

}  // namespace shoal
