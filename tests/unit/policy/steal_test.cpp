#include "policy/steal.hpp"

#include <array>
#include <bit>
#include <catch2/catch.hpp>

using namespace shoal;

namespace {

/// One piece of 8 chunks, held by all.
struct fixture {
  geometry shape{8 * MiB, std::array<std::uint64_t, 1>{8 * MiB}};
  chunk_queue queue{shape, bitmap(1), 1};
  std::array<request_list, 3> requests;
  std::array<double, 3> rates{};

  fixture() {
    bitmap all(1);
    all.set_all();
    for (std::uint32_t i = 0; i < 3; ++i) {
      queue.on_source(source_id{i});
      queue.on_able(source_id{i}, true);
      queue.on_bitmap(source_id{i}, all);
    }
  }
  ~fixture() { queue.check_invariants(); }

  void take(std::uint32_t source, int chunks) {
    for (int i = 0; i < chunks; ++i) REQUIRE(queue.next_chunk(source_id{source}));
  }
  void ask(std::uint32_t source, int count, std::uint32_t bytes = chunk_bytes_max) {
    for (int i = 0; i < count; ++i) {
      const auto range = queue.next_range(source_id{source}, bytes);
      REQUIRE(range);
      sent_request sent;
      sent.range = *range;
      sent.chunk = shape.chunk_at(range->piece, range->begin);
      sent.blocks = blocks_from(range->begin % chunk_bytes_max / block_bytes, range->bytes / block_bytes);
      sent.live = sent.blocks;
      requests[source].on_sent(sent);
    }
  }
  workload of(std::uint32_t source) const { return {source_id{source}, rates[source], {}, &requests[source]}; }
  std::vector<workload> all() const { return {of(0), of(1), of(2)}; }
};

std::uint32_t count(block_mask blocks) {
  return static_cast<std::uint32_t>(std::popcount(blocks));
}

}  // namespace

TEST_CASE_METHOD(fixture, "the last waiting chunk of the source that will take longest is stolen") {
  take(0, 3);
  take(1, 3);
  rates = {4e6, 1e6, 2e6};
  const auto theft = steal_waiting(queue, of(2), all());
  REQUIRE(theft);
  CHECK(theft->victim == source_id{1});
  CHECK(theft->chunk == queue.lane(source_id{1}).back());
}

TEST_CASE_METHOD(fixture, "nothing that waits is stolen by a source that would have it later") {
  take(0, 2);
  rates = {10e6, 0, 1e6};
  CHECK_FALSE(steal_waiting(queue, of(2), all()));
  rates = {10e6, 0, 6e6};
  CHECK(steal_waiting(queue, of(2), all()));
}

TEST_CASE_METHOD(fixture, "blocks in flight are divided with a much slower source, which keeps the first") {
  take(0, 1);
  ask(0, 1);
  rates = {1e6, 0, 3e6};
  // While there are chunks that nobody was asked for, relieving one source would only burden another.
  CHECK_FALSE(steal_in_flight(queue, of(2), all()));
  take(1, 7);
  rates = {1e6, 0, 2.9e6};
  CHECK_FALSE(steal_in_flight(queue, of(2), all()));
  rates = {1e6, 0, 3e6};
  const auto theft = steal_in_flight(queue, of(2), all());
  REQUIRE(theft);
  CHECK(theft->blocks == blocks_from(16, 48));
  rates = {0, 0, 3e6};
  CHECK_FALSE(steal_in_flight(queue, of(2), all()));
}

TEST_CASE_METHOD(fixture, "several idle sources divide the tail and no block has three owners") {
  take(0, 4);
  take(1, 4);
  ask(0, 4);
  ask(1, 4);
  rates = {1e6, 4e6, 4e6};
  REQUIRE(queue.all_given_out());
  block_mask seen = 0;
  chunk_index chunk;
  for (int i = 0; i < 3; ++i) {
    const auto tail = duplicate_tail(queue, of(2), all(), 256 * KiB);
    REQUIRE(tail);
    CHECK(tail->victim == source_id{0});
    CHECK(count(tail->blocks) == 16);
    if (i == 0) chunk = tail->chunk;
    CHECK(tail->chunk == chunk);
    CHECK((tail->blocks & seen) == 0);
    seen |= tail->blocks;
    queue.on_duplicated(source_id{2}, tail->chunk, tail->blocks);
  }
  CHECK(seen == blocks_from(16, 48));
}

TEST_CASE_METHOD(fixture, "nothing is asked for twice while anything is queued") {
  take(0, 4);
  ask(0, 4);
  CHECK_FALSE(duplicate_tail(queue, of(2), all(), 256 * KiB));
}
