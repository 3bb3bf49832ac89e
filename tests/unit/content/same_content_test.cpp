#include "content/same_content.hpp"

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "content/merkle.hpp"

using namespace shoal;

namespace {

// Blocks by number: equal numbers are equal bytes.
struct text {
  std::string path;
  std::vector<std::uint32_t> blocks;
  std::uint32_t last_bytes = block_bytes;  ///< of the last block

  std::uint64_t size() const {
    return blocks.empty() ? 0 : (blocks.size() - 1) * std::uint64_t{block_bytes} + last_bytes;
  }
};

digest leaf_of(const text& of, std::size_t block) {
  digest value;
  const std::uint32_t bytes = block + 1 == of.blocks.size() ? of.last_bytes : block_bytes;
  std::memcpy(value.bytes.data(), &of.blocks[block], sizeof(std::uint32_t));
  std::memcpy(value.bytes.data() + 4, &bytes, sizeof bytes);
  value.bytes[31] = 1;
  return value;
}

struct content {
  known_pieces pieces;
  std::vector<text> files;  // in the order of the share
};

content share_of(std::uint32_t piece_bytes, std::vector<text> files) {
  std::ranges::sort(files, {}, &text::path);
  const std::uint32_t full = piece_bytes / block_bytes;
  std::vector<file_entry> entries;
  std::vector<std::vector<digest>> layers;
  for (const text& one : files) {
    file_entry entry;
    entry.path = one.path;
    entry.size = one.size();
    std::vector<digest> leaves;
    for (std::size_t i = 0; i < one.blocks.size(); ++i) leaves.push_back(leaf_of(one, i));
    std::vector<digest> layer;
    for (std::size_t first = 0; first < leaves.size(); first += full) {
      const auto part = std::span(leaves).subspan(first, std::min<std::size_t>(full, leaves.size() - first));
      layer.push_back(piece_root(part, full, leaves.size() <= full));
    }
    if (!leaves.empty()) entry.root = merkle_root(leaves);
    if (layer.size() < 2) layer.clear();
    entries.push_back(entry);
    layers.push_back(std::move(layer));
  }
  auto info = metainfo::build("share", true, piece_bytes, std::move(entries), std::move(layers));
  if (!info) FAIL(info.error().text);
  bitmap all((*info)->shape().piece_count());
  all.set_all();
  return {{*info, std::move(all)}, std::move(files)};
}

std::vector<std::uint32_t> numbers(std::uint32_t from, std::uint32_t count) {
  std::vector<std::uint32_t> all(count);
  std::iota(all.begin(), all.end(), from);
  return all;
}

std::vector<piece_place> find(const content& wanted, const content& here) {
  return find_same_content(*wanted.pieces.info, wanted.pieces.verified, std::span(&here.pieces, 1));
}

// Pieces that were found. Each place holds just the blocks of its piece.
std::uint32_t found(const content& wanted, const content& here) {
  const geometry& shape = wanted.pieces.info->shape();
  const auto places = find(wanted, here);
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < places.size(); ++i) {
    if (!places[i].known()) continue;
    ++count;
    const file_index file = shape.piece_file(piece_index{i});
    const std::size_t begin = (i - shape.file_first_piece(file).value()) * (shape.piece_bytes() / block_bytes);
    const text& from = here.files[places[i].file.value()];
    const text& to = wanted.files[file.value()];
    for (std::size_t block = 0; block < shape.piece_blocks(piece_index{i}); ++block) {
      const std::size_t there = places[i].offset / block_bytes + block;
      REQUIRE(there < from.blocks.size());
      REQUIRE(leaf_of(from, there) == leaf_of(to, begin + block));
    }
  }
  return count;
}

}  // namespace

TEST_CASE("a file is found by its root, whatever its name and the sizes of the pieces") {
  const auto here_bytes = static_cast<std::uint32_t>(GENERATE(64 * KiB, 256 * KiB, 1 * MiB));
  const auto size = GENERATE(1u, 3u, 4u, 5u, 16u, 17u, 100u);
  const auto wanted = share_of(64 * KiB, {{"a", numbers(0, size), 777}, {"b", numbers(1000, 9)}});
  const auto here = share_of(here_bytes, {{"other/name", numbers(0, size), 777}, {"z", numbers(500, 3)}});
  CHECK(found(wanted, here) == wanted.pieces.info->shape().file_pieces(file_index{0}));
}

TEST_CASE("nothing is found where nothing is the same") {
  const auto wanted = share_of(64 * KiB, {{"a", {}}, {"b", numbers(0, 9)}, {"c", {77}, 5}});
  CHECK(find(wanted, share_of(64 * KiB, {{"a", {}}})).empty());
  CHECK(find(wanted, share_of(64 * KiB, {{"b", numbers(100, 9)}, {"c", {77}, 6}})).empty());
  CHECK(find_same_content(*wanted.pieces.info, wanted.pieces.verified, {}).empty());
}

TEST_CASE("of a file that changed the other pieces are found") {
  const auto wanted = share_of(64 * KiB, {{"a", numbers(0, 41), 9}});
  auto changed = numbers(0, 41);
  changed[5] = 999;
  CHECK(found(wanted, share_of(64 * KiB, {{"b", changed, 9}})) == 10);
  // The end is another where the last block is.
  CHECK(found(wanted, share_of(64 * KiB, {{"b", changed, 10}})) == 9);
}

TEST_CASE("smaller pieces are raised to larger ones") {
  auto changed = numbers(0, 41);
  changed[5] = 999;
  const auto small = share_of(64 * KiB, {{"a", changed, 9}});
  const auto large = share_of(256 * KiB, {{"a", numbers(0, 41), 9}});
  // 16 blocks a piece: the change is in the first of three.
  CHECK(found(large, small) == 2);
  // 4 blocks a piece: what is under the first large one cannot be told.
  CHECK(found(small, large) == 7);
}

TEST_CASE("a piece is found where it was moved to") {
  const auto here = share_of(64 * KiB, {{"a", numbers(0, 40)}});
  auto moved = numbers(100, 8);
  const auto rest = numbers(0, 40);
  moved.insert(moved.end(), rest.begin(), rest.end());
  CHECK(found(share_of(64 * KiB, {{"a", moved}}), here) == 10);
}

TEST_CASE("two files that are the same are found in one") {
  const auto here = share_of(64 * KiB, {{"a", numbers(0, 12)}});
  CHECK(found(share_of(64 * KiB, {{"x", numbers(0, 12)}, {"y", numbers(0, 12)}}), here) == 6);
}

TEST_CASE("only what is verified here is used, and only what is missing is looked for") {
  auto wanted = share_of(64 * KiB, {{"a", numbers(0, 16)}});
  auto here = share_of(64 * KiB, {{"a", numbers(0, 16)}});
  here.pieces.verified.reset(1);
  wanted.pieces.verified.reset(3);
  const auto places = find(wanted, here);
  REQUIRE(places.size() == 4);
  CHECK(places[0] == piece_place{0, file_index{0}, 0});
  CHECK_FALSE(places[1].known());
  CHECK(places[2] == piece_place{0, file_index{0}, 128 * KiB});
  CHECK_FALSE(places[3].known());
  // A large piece is here when all small ones under it are.
  auto large = share_of(128 * KiB, {{"a", numbers(0, 16)}});
  CHECK(found(large, here) == 1);
}

TEST_CASE("what is found is the same, for any changes and sizes") {
  std::minstd_rand random(7);
  const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  for (int round = 0; round < 200; ++round) {
    std::vector<text> before;
    std::vector<text> after;
    for (std::uint32_t i = 0; i < 1 + below(4); ++i) {
      text one{std::to_string(i), numbers(1000 * i, below(120)), 1 + below(block_bytes)};
      before.push_back(one);
      one.path = std::to_string(below(1000)) + "-" + one.path;
      for (std::uint32_t n = below(3); n > 0 && !one.blocks.empty(); --n) {
        one.blocks[below(static_cast<std::uint32_t>(one.blocks.size()))] = 100'000 + below(100);
      }
      if (below(4) == 0) one.blocks.push_back(7);
      after.push_back(one);
    }
    const std::uint32_t sizes[] = {64 * KiB, 128 * KiB, 512 * KiB};
    (void)found(share_of(sizes[below(3)], after), share_of(sizes[below(3)], before));
  }
}
