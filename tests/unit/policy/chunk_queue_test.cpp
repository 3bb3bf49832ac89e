#include "policy/chunk_queue.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <initializer_list>
#include <random>

using namespace shoal;

namespace {

const source_id ann{0};
const source_id bob{1};
const source_id cat{2};

/// 4 MiB pieces of 4 chunks; the last piece is 1 MiB and 20 KiB.
struct fixture {
  geometry shape{4 * MiB, std::array<std::uint64_t, 1>{13 * MiB + 20 * KiB}};
  chunk_queue queue{shape, bitmap(shape.piece_count()), 1};
  std::vector<chunk_claim> void_claims;

  void join(source_id source) {
    bitmap all(shape.piece_count());
    all.set_all();
    join(source, all);
  }
  void join(source_id source, const bitmap& pieces) {
    queue.on_source(source);
    queue.on_able(source, true);
    queue.on_bitmap(source, pieces);
  }
  bitmap only(std::initializer_list<std::uint32_t> pieces) const {
    bitmap bits(shape.piece_count());
    for (const auto piece : pieces) bits.set(piece);
    return bits;
  }
  /// Takes a chunk and asks for all of it.
  chunk_index take_and_ask(source_id source) {
    const auto chunk = queue.next_chunk(source);
    REQUIRE(chunk);
    while (queue.next_range(source, chunk_bytes_max)) continue;
    return *chunk;
  }
  ~fixture() { queue.check_invariants(); }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a begun piece is finished before a new one is begun") {
  join(ann);
  join(bob);
  const auto piece = queue.piece_of(take_and_ask(ann));
  const std::uint32_t chunks = piece.value() == 3 ? 2 : 4;
  for (std::uint32_t i = 1; i < chunks; ++i) CHECK(queue.piece_of(take_and_ask(bob)) == piece);
  CHECK(queue.piece_of(take_and_ask(ann)) != piece);
}

TEST_CASE_METHOD(fixture, "a source that does not hold the begun piece begins one that it holds") {
  join(ann, only({0}));
  join(bob, only({2}));
  CHECK(queue.piece_of(take_and_ask(ann)) == piece_index{0});
  CHECK(queue.piece_of(take_and_ask(bob)) == piece_index{2});
  queue.on_have(bob, piece_index{0});
  CHECK(queue.may_take(bob, piece_index{0}));
  CHECK(queue.may_take(bob, piece_index{2}));
  CHECK_FALSE(queue.may_take(ann, piece_index{2}));
}

TEST_CASE_METHOD(fixture, "ranges are cut from the front of the lane and never cross a chunk") {
  join(ann, only({3}));
  REQUIRE(queue.next_chunk(ann));
  REQUIRE(queue.next_chunk(ann));
  CHECK_FALSE(queue.next_chunk(ann));
  CHECK(queue.next_range(ann, 640 * KiB) == byte_range{piece_index{3}, 0, 640 * KiB});
  CHECK(queue.next_range(ann, 640 * KiB) == byte_range{piece_index{3}, 640 * KiB, 384 * KiB});
  CHECK(queue.next_range(ann, 640 * KiB) == byte_range{piece_index{3}, 1 * MiB, 20 * KiB});
  CHECK_FALSE(queue.next_range(ann, 640 * KiB));
}

TEST_CASE_METHOD(fixture, "what a source that goes did not deliver is queued at once, what it delivered stays") {
  join(ann, only({0}));
  const auto chunk = take_and_ask(ann);
  REQUIRE(queue.next_chunk(ann));
  CHECK(queue.on_arrived(ann, chunk, blocks_from(0, 10), void_claims) == blocks_from(0, 10));
  CHECK(queue.on_source_gone(ann) == 2);
  CHECK(queue.record(chunk).open() == blocks_from(10, 54));
  join(bob, only({0}));
  CHECK(queue.next_chunk(bob) == chunk);
  CHECK(queue.next_range(bob, 16 * KiB) == byte_range{piece_index{0}, 160 * KiB, 16 * KiB});
}

TEST_CASE_METHOD(fixture, "a block that arrived is not taken twice") {
  join(ann, only({0}));
  join(bob, only({0}));
  const auto chunk = take_and_ask(ann);
  queue.on_asked_too(bob, chunk, blocks_from(32, 32));
  CHECK(queue.on_arrived(bob, chunk, blocks_from(60, 4), void_claims) == blocks_from(60, 4));
  REQUIRE(void_claims.size() == 1);
  CHECK(void_claims[0].source == ann);
  CHECK(void_claims[0].blocks == blocks_from(60, 4));
  CHECK(queue.on_arrived(ann, chunk, blocks_from(60, 4), void_claims) == 0);
}

TEST_CASE_METHOD(fixture, "stolen chunks and blocks change hands") {
  join(ann, only({0}));
  join(bob, only({0}));
  const auto asked = take_and_ask(ann);
  const auto waiting = queue.next_chunk(ann);
  REQUIRE(waiting);
  queue.on_stolen_waiting(bob, ann, *waiting);
  CHECK(queue.lane(ann).empty());
  CHECK(queue.lane(bob).front() == *waiting);
  queue.on_taken_over(bob, asked, blocks_from(40, 24), void_claims);
  CHECK(queue.record(asked).claimed_by(ann) == blocks_from(0, 40));
  CHECK(queue.record(asked).claimed_by(bob) == blocks_from(40, 24));
  REQUIRE(void_claims.size() == 1);
  CHECK(void_claims[0].source == ann);
  CHECK(void_claims[0].blocks == blocks_from(40, 24));
}

TEST_CASE_METHOD(fixture, "an exclusive piece is taken from an owner that is late") {
  join(ann, only({0}));
  join(bob, only({0}));
  const auto chunk = take_and_ask(ann);
  queue.on_arrived(ann, chunk, ~block_mask{0}, void_claims);
  queue.on_exclusive(piece_index{0}, {});
  std::vector<std::uint32_t> lost(64);
  for (std::uint32_t i = 0; i < 64; ++i) lost[i] = i;
  queue.on_lost(piece_index{0}, lost);
  take_and_ask(ann);
  REQUIRE(queue.next_chunk(ann));
  CHECK_FALSE(queue.may_take(bob, piece_index{0}));
  std::vector<std::pair<chunk_index, block_mask>> ended;
  queue.on_owner_late(piece_index{0}, ended);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].second == ~block_mask{0});
  CHECK(queue.lane(ann).empty());
  CHECK(queue.may_take(bob, piece_index{0}));
  CHECK_FALSE(queue.may_take(ann, piece_index{0}));
}

TEST_CASE_METHOD(fixture, "an exclusive piece is in one source's hands") {
  join(ann, only({0}));
  join(bob, only({0}));
  join(cat, only({0}));
  const auto chunk = take_and_ask(ann);
  queue.on_arrived(ann, chunk, ~block_mask{0}, void_claims);
  queue.on_exclusive(piece_index{0}, {ann});
  std::vector<std::uint32_t> lost(64);
  for (std::uint32_t i = 0; i < 64; ++i) lost[i] = i;
  queue.on_lost(piece_index{0}, lost);
  CHECK_FALSE(queue.may_take(ann, piece_index{0}));
  take_and_ask(bob);
  CHECK_FALSE(queue.may_take(cat, piece_index{0}));
  CHECK(queue.may_take(bob, piece_index{0}));
  queue.on_able(bob, false);
  queue.on_all_released(bob);
  CHECK(queue.may_take(cat, piece_index{0}));
  CHECK_FALSE(queue.may_take(ann, piece_index{0}));
  queue.on_source_gone(cat);
  CHECK(queue.may_take(ann, piece_index{0}));
}
