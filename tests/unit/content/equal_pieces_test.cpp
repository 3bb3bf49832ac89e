#include "content/equal_pieces.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <vector>

#include "sample_share.hpp"

namespace shoal::testing {

namespace {

constexpr std::uint32_t piece = 64 * 1024;

std::set<std::uint32_t> ring_of(const piece_rings& rings, std::uint32_t first) {
  std::set<std::uint32_t> ring{first};
  for (std::uint32_t i = rings.at(first); i != first; i = rings.at(i)) REQUIRE(ring.insert(i).second);
  return ring;
}

metainfo_ptr built(const share_builder& builder) {
  auto info = builder.build();
  if (!info) FAIL(info.error().text);
  return *info;
}

using set = std::set<std::uint32_t>;

}  // namespace

TEST_CASE("equal files and equal pieces of different files are one ring") {
  share_builder builder("folder", true, piece);
  // The content repeats every 64 KiB: "b" is two pieces like the only one of "a", and a shorter one.
  builder.file("a", 1, piece).file("b", 1, 2 * piece + 5000).file("c", 2, piece).file("d", 3, 100);
  builder.file("e", 0, 0).file("f", 3, 100).file("g", 3, 101).file("h", 1, 5000).empty_directory("i");
  const piece_rings rings = equal_pieces(*built(builder));
  // a: 0, b: 1-3, c: 4, d: 5, f: 6, g: 7, h: 8
  REQUIRE(rings.size() == 9);
  CHECK(ring_of(rings, 0) == set{0, 1, 2});
  CHECK(ring_of(rings, 4) == set{4});
  CHECK(ring_of(rings, 5) == set{5, 6});
  CHECK(ring_of(rings, 6) == set{5, 6});
  CHECK(ring_of(rings, 7) == set{7});
}

TEST_CASE("a share whose pieces all differ has no rings") {
  share_builder builder("folder", true, piece);
  builder.file("a", 1, piece).file("b", 2, piece).file("c", 3, 10);
  CHECK(equal_pieces(*built(builder)).empty());
}

TEST_CASE("a file that holds the hashes below a piece is not equal to the piece") {
  const byte_buffer bytes = content(1, piece + 1);
  auto [large, layer] = hashed_file("large", bytes, piece);
  std::vector<digest> leaves(piece / block_bytes);
  sha256_leaves(byte_view(bytes).first(piece), leaves);
  byte_buffer hashes;
  for (const auto half : {std::span(leaves).first(2), std::span(leaves).last(2)}) {
    const digest hash = merkle_root(half);
    hashes.insert(hashes.end(), hash.bytes.begin(), hash.bytes.end());
  }
  auto [small, none] = hashed_file("small", hashes, piece);
  REQUIRE(layer.front() == small.root);
  share_builder builder("folder", true, piece);
  builder.add(large, layer).add(small, none);
  CHECK(equal_pieces(*built(builder)).empty());
}

}  // namespace shoal::testing
