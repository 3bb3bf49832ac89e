#include "content/equal_pieces.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace shoal {

namespace {

// A piece, and as much of its hash as sorts nearly all of them.
struct candidate {
  std::uint64_t begin_of_hash;
  std::uint32_t piece;
};

}  // namespace

piece_rings equal_pieces(const metainfo& info) {
  const geometry& shape = info.shape();
  std::vector<candidate> candidates;
  candidates.reserve(shape.piece_count());
  for (std::uint32_t file = 0; file < info.files().size(); ++file) {
    const std::uint32_t first = shape.file_first_piece(file_index{file}).value();
    for (std::uint32_t n = 0; n < shape.file_pieces(file_index{file}); ++n) {
      candidate one{0, first + n};
      std::memcpy(&one.begin_of_hash, info.layer(file_index{file})[n].bytes.data(), sizeof one.begin_of_hash);
      candidates.push_back(one);
    }
  }
  std::ranges::sort(candidates, {}, &candidate::begin_of_hash);
  // The hash of a small piece may be that of a large one whose hashes are the bytes of the small one.
  const auto equal = [&](std::uint32_t a, std::uint32_t b) {
    return shape.piece_size(piece_index{a}) == shape.piece_size(piece_index{b}) &&
           info.piece_hash(piece_index{a}) == info.piece_hash(piece_index{b});
  };
  piece_rings rings;
  for (auto at = candidates.begin(); at != candidates.end();) {
    const auto end = std::find_if(at, candidates.end(),
                                  [&](const candidate& one) { return one.begin_of_hash != at->begin_of_hash; });
    for (auto one = std::next(at); one != end; ++one) {
      if (!equal(at->piece, one->piece)) continue;
      if (rings.empty()) {
        rings.resize(shape.piece_count());
        std::iota(rings.begin(), rings.end(), 0u);
      }
      rings[one->piece] = rings[at->piece];
      rings[at->piece] = one->piece;
    }
    at = end;
  }
  return rings;
}

}  // namespace shoal
