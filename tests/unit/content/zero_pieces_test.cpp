#include "content/zero_pieces.hpp"

#include <catch2/catch.hpp>

#include "show_result.hpp"
#include "unit/content/sample_share.hpp"

namespace shoal {
namespace {

using testing::content;
using testing::hashed_file;
using testing::share_builder;

digest root_of_zeros(std::uint32_t bytes, std::uint32_t piece_blocks, bool only_piece) {
  std::vector<digest> leaves(blocks_of(bytes));
  sha256_leaves(byte_buffer(bytes), leaves);
  return piece_root(leaves, piece_blocks, only_piece);
}

}  // namespace

TEST_CASE("any number of zeros has the digest that hashing them gives", "[zero_pieces]") {
  for (const std::uint32_t bytes : {0u, 1u, 63u, 64u, 255u, 256u, 257u, 5000u, block_bytes - 1, block_bytes}) {
    CAPTURE(bytes);
    CHECK(sha256_zeros(bytes) == sha256(byte_buffer(bytes)));
  }
}

TEST_CASE("a piece of zeros has the hash that its leaves give", "[zero_pieces]") {
  const std::uint32_t piece_blocks = GENERATE(1u, 4u, 64u);
  const std::uint32_t piece_bytes = piece_blocks * block_bytes;
  for (const std::uint32_t bytes : {1u, block_bytes - 1, block_bytes, block_bytes + 1, 3 * block_bytes,
                                    piece_bytes / 2 + 77, piece_bytes - 1, piece_bytes}) {
    if (bytes > piece_bytes) continue;
    CAPTURE(piece_blocks, bytes);
    CHECK(zero_piece_hash(bytes, piece_blocks, false) == root_of_zeros(bytes, piece_blocks, false));
    CHECK(zero_piece_hash(bytes, piece_blocks, true) == root_of_zeros(bytes, piece_blocks, true));
  }
}

TEST_CASE("the pieces of zeros of a share are known by their hashes", "[zero_pieces]") {
  constexpr std::uint32_t piece_bytes = 64 * KiB;
  share_builder share("s", true, piece_bytes);
  const auto add = [&](const char* path, const byte_buffer& bytes) {
    auto [entry, layer] = hashed_file(path, bytes, piece_bytes);
    share.add(std::move(entry), std::move(layer));
  };
  // Pieces 0 to 4: data, zeros, zeros, data at its very end, short zeros.
  byte_buffer mixed(4 * piece_bytes + 1000);
  mixed[5] = 1;
  mixed[4 * piece_bytes - 1] = 1;
  add("a", mixed);
  add("b", byte_buffer(10));
  add("c", byte_buffer(piece_bytes));
  add("d", content(3, 100));
  add("e", {});
  add("f", byte_buffer(2 * piece_bytes));
  const auto built = share.build();
  REQUIRE(built);
  bitmap expected(10);
  for (const std::uint32_t piece : {1u, 2u, 4u, 5u, 6u, 8u, 9u}) expected.set(piece);
  CHECK(zero_pieces(**built) == expected);
}

}  // namespace shoal
