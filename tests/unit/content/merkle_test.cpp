#include "content/merkle.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <random>

#include "core/sha256.hpp"

using namespace shoal;

namespace {

/// A whole padded tree, built as plainly as possible: layers[0] are the leaves.
struct full_tree {
  explicit full_tree(std::uint32_t blocks) {
    std::vector<digest> layer(std::bit_ceil(blocks));
    for (std::uint32_t i = 0; i < blocks; ++i) {
      std::uint8_t bytes[4];
      store_be32(bytes, i + 1);
      layer[i] = sha256(bytes);
    }
    layers.push_back(layer);
    while (layers.back().size() > 1) {
      std::vector<digest> above;
      for (std::size_t i = 0; i < layers.back().size(); i += 2) {
        above.push_back(sha256_node(layers.back()[i], layers.back()[i + 1]));
      }
      layers.push_back(above);
    }
  }
  const digest& root() const { return layers.back()[0]; }
  std::vector<std::vector<digest>> layers;
};

/// The shape of a file and its true tree.
struct sample {
  sample(std::uint32_t file_blocks, std::uint32_t blocks_of_piece)
      : blocks(file_blocks),
        piece_blocks(blocks_of_piece),
        pieces((file_blocks + blocks_of_piece - 1) / blocks_of_piece),
        tree(file_blocks) {
    leaves.assign(tree.layers[0].begin(), tree.layers[0].begin() + blocks);
    if (pieces == 1) {
      piece_layer = {tree.root()};
    } else {
      const auto& layer = tree.layers[static_cast<std::size_t>(std::countr_zero(piece_blocks))];
      piece_layer.assign(layer.begin(), layer.begin() + pieces);
    }
  }
  std::span<const digest> piece_leaves(std::uint32_t piece) const {
    const std::size_t begin = std::size_t{piece} * piece_blocks;
    return std::span(leaves).subspan(begin, std::min<std::size_t>(piece_blocks, blocks - begin));
  }
  std::uint32_t blocks;
  std::uint32_t piece_blocks;
  std::uint32_t pieces;
  full_tree tree;
  std::vector<digest> leaves;
  std::vector<digest> piece_layer;
};

std::vector<sample> samples() {
  std::vector<sample> all;
  for (const std::uint32_t piece_blocks : {1u, 2u, 4u, 16u}) {
    for (const std::uint32_t blocks : {1u, 2u, 3u, 4u, 5u, 16u, 17u, 31u, 64u, 100u})
      all.emplace_back(blocks, piece_blocks);
  }
  all.emplace_back(513, 1);
  all.emplace_back(1100, 1);
  all.emplace_back(2 * 2049, 2);
  all.emplace_back(2500, 1024);
  return all;
}

/// What libtorrent 2.0 answers, from the whole tree: the base hashes, then for each counted ancestor layer
/// that the base hashes do not imply the sibling of the node on the way up.
std::vector<digest> reference_answer(const full_tree& tree, const hash_range& range) {
  std::vector<digest> hashes;
  const auto& base = tree.layers[range.base_height];
  for (std::uint32_t i = 0; i < range.count; ++i) hashes.push_back(base[range.index + i]);
  const auto implied = static_cast<std::uint32_t>(std::countr_zero(range.count)) - 1;
  std::uint32_t node = range.index;
  for (std::uint32_t i = 0; i < range.proof_layers; ++i) {
    node /= 2;
    if (i >= implied) hashes.push_back(tree.layers[range.base_height + i + 1][node ^ 1]);
  }
  return hashes;
}

/// The answer must verify, and no longer once any bit of any hash is flipped.
void check_verifies_only_unchanged(const hash_range& range, std::vector<digest> hashes, std::uint32_t width) {
  REQUIRE(merkle_verify(range, hashes, width));
  std::size_t byte = 0;
  for (digest& hash : hashes) {
    std::uint8_t& changed = hash.bytes[byte++ % digest::size];
    changed ^= 0x10;
    REQUIRE_FALSE(merkle_verify(range, hashes, width));
    changed ^= 0x10;
  }
  hashes.push_back({});
  CHECK_FALSE(merkle_verify(range, hashes, width));
  hashes.resize(hashes.size() - 2);
  CHECK_FALSE(merkle_verify(range, hashes, width));
}

}  // namespace

TEST_CASE("roots are those of the padded tree") {
  for (const sample& file : samples()) {
    CAPTURE(file.blocks, file.piece_blocks);
    CHECK(merkle_root(file.leaves) == file.tree.root());
    for (std::uint32_t piece = 0; piece < file.pieces; ++piece) {
      CHECK(piece_root(file.piece_leaves(piece), file.piece_blocks, file.pieces == 1) == file.piece_layer[piece]);
    }
    if (file.pieces > 1) {
      const auto height = static_cast<std::uint32_t>(std::countr_zero(file.piece_blocks));
      CHECK(merkle_root(file.piece_layer, height) == file.tree.root());
    }
  }
}

TEST_CASE("subtrees beyond the end of a file are trees of zero digests") {
  CHECK(zero_subtree(0) == digest{});
  CHECK(zero_subtree(1) == sha256(byte_buffer(64)));
  CHECK(merkle_root(std::vector<digest>(8), 0) == zero_subtree(3));
}

TEST_CASE("a whole piece layer is fetched by requests of at most 512 hashes") {
  for (const sample& file : samples()) {
    if (file.pieces < 2) continue;
    CAPTURE(file.blocks, file.piece_blocks);
    const auto height = static_cast<std::uint32_t>(std::countr_zero(file.piece_blocks));
    const std::uint32_t width = std::bit_ceil(file.pieces);
    std::vector<digest> fetched;
    for (const hash_range& range : piece_layer_requests(file.tree.root(), file.pieces, file.piece_blocks)) {
      CHECK(range.index == fetched.size());
      CHECK(range.count <= hashes_per_request_max);
      const auto answer = merkle_answer(file.piece_layer, height, range);
      REQUIRE(answer.has_value());
      CHECK(*answer == reference_answer(file.tree, range));
      check_verifies_only_unchanged(range, *answer, width);
      fetched.insert(fetched.end(), answer->begin(), answer->begin() + range.count);
    }
    REQUIRE(fetched.size() >= file.pieces);
    fetched.resize(file.pieces);
    CHECK(fetched == file.piece_layer);
  }
}

TEST_CASE("the leaves of a piece are fetched with proofs up to the root") {
  for (const sample& file : samples()) {
    if (file.blocks < 2) continue;
    CAPTURE(file.blocks, file.piece_blocks);
    for (std::uint32_t piece = 0; piece < std::min(file.pieces, 20u); ++piece) {
      const auto leaves = file.piece_leaves(piece);
      const std::uint32_t begin = piece * file.piece_blocks;
      std::vector<digest> fetched;
      while (fetched.size() < leaves.size()) {
        const std::uint32_t first = begin + static_cast<std::uint32_t>(fetched.size());
        const hash_range range = piece_leaves_request(file.tree.root(), first, file.piece_blocks, file.blocks);
        REQUIRE(range.count <= hashes_per_request_max);
        const auto answer =
            merkle_answer_leaves(leaves, piece, file.piece_layer, file.piece_blocks, file.blocks, range);
        REQUIRE(answer.has_value());
        CHECK(*answer == reference_answer(file.tree, range));
        check_verifies_only_unchanged(range, *answer, std::bit_ceil(file.blocks));
        REQUIRE(first - range.index < range.count);
        fetched.insert(fetched.end(), answer->begin() + (first - range.index), answer->begin() + range.count);
      }
      fetched.resize(leaves.size());
      CHECK(std::equal(leaves.begin(), leaves.end(), fetched.begin()));
    }
  }
}

TEST_CASE("any request that fits is answered as libtorrent does, and any other is refused") {
  std::mt19937 random(5);
  const auto all = samples();
  int answered = 0;
  for (int round = 0; round < 20'000; ++round) {
    const sample& file = all[random() % 40];
    hash_range range;
    range.root = file.tree.root();
    const bool of_leaves = random() % 2 != 0;
    range.base_height = of_leaves ? 0 : static_cast<std::uint32_t>(std::countr_zero(file.piece_blocks));
    range.count = 1u << random() % 6;
    range.index = static_cast<std::uint32_t>(random() % 8) * range.count;
    range.proof_layers = static_cast<std::uint32_t>(random() % 8);
    const auto width = std::bit_ceil(of_leaves ? file.blocks : file.pieces);
    const bool fits = range.count >= 2 && range.index + range.count <= width && width >> range.proof_layers > 1;
    const std::uint32_t piece = of_leaves ? range.index / file.piece_blocks : 0;
    if (piece >= file.pieces) continue;
    if (of_leaves && file.pieces > 1 && file.piece_blocks > 1 && range.count > file.piece_blocks) continue;
    const auto answer = of_leaves ? merkle_answer_leaves(file.piece_leaves(piece), piece, file.piece_layer,
                                                         file.piece_blocks, file.blocks, range)
                                  : merkle_answer(file.piece_layer, range.base_height, range);
    CAPTURE(file.blocks, file.piece_blocks, range.base_height, range.index, range.count, range.proof_layers);
    REQUIRE(answer.has_value() == fits);
    if (!fits) continue;
    ++answered;
    REQUIRE(*answer == reference_answer(file.tree, range));
  }
  CHECK(answered > 1000);
}

TEST_CASE("ranges that make no sense are refused") {
  const sample file(64, 4);
  const auto refused = [&](std::uint32_t index, std::uint32_t count, std::uint32_t proof_layers) {
    const hash_range range{file.tree.root(), 2, index, count, proof_layers};
    return !merkle_answer(file.piece_layer, 2, range).has_value() &&
           !merkle_verify(range, std::vector<digest>(std::min(count, 100u)), 16);
  };
  CHECK(refused(0, 0, 3));
  CHECK(refused(0, 1, 3));
  CHECK(refused(0, 3, 3));
  CHECK(refused(1, 2, 3));
  CHECK(refused(0, 32, 3));
  CHECK(refused(16, 16, 3));
  CHECK(refused(0, 0x80000000, 3));
  CHECK(refused(0xfffffffe, 2, 3));
  CHECK(refused(0, 2, 4));
  CHECK(refused(0, 2, 0xffffffff));
  const hash_range range{file.tree.root(), 2, 0, 16, 3};
  CHECK_FALSE(merkle_verify(range, file.piece_layer, 0));
  CHECK_FALSE(merkle_verify(range, file.piece_layer, 15));
  CHECK_FALSE(merkle_verify(range, file.piece_layer, 32));
  CHECK(merkle_verify(range, file.piece_layer, 16));
}

TEST_CASE("a proof that stops below the root is not accepted") {
  const sample file(64, 1);
  hash_range range{file.tree.root(), 0, 0, 8, 5};
  const auto whole = merkle_answer(file.leaves, 0, range);
  REQUIRE(whole.has_value());
  CHECK(merkle_verify(range, *whole, 64));
  range.proof_layers = 4;
  const auto partial = merkle_answer(file.leaves, 0, range);
  REQUIRE(partial.has_value());
  CHECK_FALSE(merkle_verify(range, *partial, 64));
}

TEST_CASE("an answer with the upper part of the tree known is the same as without") {
  for (const sample& file :
       {sample(2500 * 2, 2), sample(512 * 4, 4), sample(513, 1), sample(1025 * 2, 2), sample(3, 1)}) {
    CAPTURE(file.blocks, file.piece_blocks);
    const auto height = static_cast<std::uint32_t>(std::countr_zero(file.piece_blocks));
    const layer_summary upper(file.piece_layer, height);
    for (hash_range range : piece_layer_requests(file.tree.root(), file.pieces, file.piece_blocks)) {
      CHECK(*merkle_answer(file.piece_layer, height, range, &upper) == reference_answer(file.tree, range));
      range.count = 2;
      CHECK(*merkle_answer(file.piece_layer, height, range, &upper) == reference_answer(file.tree, range));
    }
    for (std::uint32_t piece = 0; piece < file.pieces; piece += 97) {
      const hash_range range =
          piece_leaves_request(file.tree.root(), piece * file.piece_blocks, file.piece_blocks, file.blocks);
      if (range.count > file.piece_blocks) continue;
      const auto leaves = file.piece_leaves(piece);
      CHECK(*merkle_answer_leaves(leaves, piece, file.piece_layer, file.piece_blocks, file.blocks, range, &upper) ==
            reference_answer(file.tree, range));
    }
  }
}
