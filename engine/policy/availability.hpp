// How many sources hold each piece, and the rarest one of those that a source holds: for rarest-first choice.
//
// Sources that hold everything are only counted, so a seeder costs nothing per piece. Pieces of equal rarity come in an
// order that the seed shuffles. Pure; owned by chunk_queue.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "core/bitmap.hpp"
#include "core/ids.hpp"

namespace shoal {

class availability {
 public:
  availability(std::uint32_t piece_count, std::uint64_t seed);

  void on_have(piece_index piece);
  void on_bitmap(const bitmap& pieces);   ///< a source that holds these
  void on_bitmap_gone(const bitmap& pieces);  ///< a source that held these is gone

  /// Pieces not wanted (any more) are not offered.
  void set_wanted(piece_index piece, bool wanted);

  std::uint32_t count(piece_index piece) const;
  /// The rarest wanted piece among `held`, or nothing.
  std::optional<piece_index> rarest(const bitmap& held) const;

  void check_invariants() const;

 private:
  // The implementation chooses: buckets by count with swap-removal, so that on_have and set_wanted are O(1) and
  // rarest() looks at few pieces when `held` is full.
};

}  // namespace shoal
