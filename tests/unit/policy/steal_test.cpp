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
  std::array<workload, 3> works;

  fixture() {
    bitmap all(1);
    all.set_all();
    for (std::uint32_t i = 0; i < 3; ++i) {
      queue.on_source(source_id{i});
      queue.on_able(source_id{i}, true);
      queue.on_bitmap(source_id{i}, all);
      works[i] = {.source = source_id{i}, .known = true, .requests = &requests[i]};
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
    works[source].pending = requests[source].bytes();
  }
  void rates(double first, double second, double third) {
    works[0].rate = first;
    works[1].rate = second;
    works[2].rate = third;
  }
  std::optional<asked_theft> theft_of(std::uint32_t thief, std::uint32_t bytes_max = 256 * KiB,
                                      std::uint64_t may_come_twice = 1 * GiB, double left = 0) {
    return steal_asked(queue, works[thief], works, bytes_max, may_come_twice, left);
  }
  /// All is asked for: this much of it of the first two.
  void ask_all(int first, int second) {
    take(0, first);
    take(1, second);
    ask(0, first);
    ask(1, second);
  }
};

std::uint32_t count(block_mask blocks) {
  return static_cast<std::uint32_t>(std::popcount(blocks));
}

}  // namespace

TEST_CASE_METHOD(fixture, "the last waiting chunk of the source that will take longest is stolen") {
  take(0, 3);
  take(1, 3);
  rates(4e6, 1e6, 2e6);
  const auto theft = steal_waiting(queue, works[2], works);
  REQUIRE(theft);
  CHECK(theft->victim == source_id{1});
  CHECK(theft->chunk == queue.lane(source_id{1}).back());
}

TEST_CASE_METHOD(fixture, "nothing that waits is stolen by a source that would have it later") {
  take(0, 2);
  rates(10e6, 1e6, 1e6);
  CHECK_FALSE(steal_waiting(queue, works[2], works));
  rates(10e6, 1e6, 6e6);
  CHECK(steal_waiting(queue, works[2], works));
}

TEST_CASE_METHOD(fixture, "what is expected last is taken first, from its end, and whole if the victim has not begun") {
  ask_all(4, 4);
  rates(1e6, 4e6, 4e6);
  const auto theft = theft_of(2, chunk_bytes_max);
  REQUIRE(theft);
  CHECK(theft->victim == source_id{0});
  CHECK(theft->chunk == requests[0].outstanding().back().chunk);
  CHECK(theft->blocks == blocks_from(0, 64));
  CHECK(theft->recalled);
  // A part of a request cannot be called back.
  const auto part = theft_of(2);
  REQUIRE(part);
  CHECK(part->blocks == blocks_from(48, 16));
  CHECK_FALSE(part->recalled);
}

TEST_CASE_METHOD(fixture, "nothing is taken that would not come clearly sooner") {
  ask_all(4, 4);
  // The thief needs as long for a block as the others for all.
  rates(100e6, 100e6, 0.3e6);
  CHECK_FALSE(theft_of(2));
  rates(100e6, 100e6, 100e6);
  works[2].delay = 0.1;
  CHECK_FALSE(theft_of(2));
  works[2].delay = 0;
  CHECK(theft_of(2));
}

TEST_CASE_METHOD(fixture, "a block may be taken from any number of slow owners") {
  ask_all(7, 1);
  rates(1e3, 1e3, 10e6);
  const chunk_index chunk = requests[0].outstanding().back().chunk;
  queue.on_asked_too(source_id{1}, chunk, blocks_from(0, 64));
  for (int i = 0; i < 4; ++i) {
    const auto theft = theft_of(2);
    REQUIRE(theft);
    CHECK(theft->chunk == chunk);
    CHECK(count(theft->blocks) == 16);
    queue.on_asked_too(source_id{2}, theft->chunk, theft->blocks);
  }
  REQUIRE(theft_of(2));
  CHECK(theft_of(2)->chunk != chunk);
}

TEST_CASE_METHOD(fixture, "who is asked for it as well and has it sooner counts") {
  ask_all(4, 4);
  rates(1e6, 1e10, 20e6);
  const auto theft = theft_of(2);
  REQUIRE(theft);
  const chunk_index last = theft->chunk;
  // The second source is asked for all of the last chunk and would have it first.
  sent_request sent;
  sent.chunk = last;
  sent.range = queue.range_of(last, 0, 64);
  sent.blocks = sent.live = blocks_from(0, 64);
  queue.on_asked_too(source_id{1}, last, sent.blocks);
  requests[1].on_sent(sent);
  works[1].pending = requests[1].bytes();
  const auto next = theft_of(2);
  REQUIRE(next);
  CHECK_FALSE((next->chunk == last && next->victim == source_id{0}));
}

TEST_CASE_METHOD(fixture, "a silent source is late, however fast it was") {
  ask_all(4, 4);
  rates(100e6, 100e6, 10e6);
  CHECK_FALSE(theft_of(2, block_bytes)->victim == source_id{2});
  works[0].wait = 0.5;
  const auto theft = theft_of(2);
  REQUIRE(theft);
  CHECK(theft->victim == source_id{0});
  CHECK(count(theft->blocks) == 16);
}

TEST_CASE_METHOD(fixture, "while chunks are queued only what is very late is taken") {
  take(0, 4);
  ask(0, 4);
  rates(10e6, 1e6, 10e6);
  CHECK_FALSE(theft_of(2));
  rates(1e6, 1e6, 10e6);
  CHECK(theft_of(2));
}

TEST_CASE_METHOD(fixture, "while chunks are queued nothing is asked for twice that comes before the end of all") {
  take(0, 4);
  ask(0, 4);
  // The last one comes after four seconds.
  rates(1e6, 1e6, 10e6);
  const double left = GENERATE(3.0, 5.0);
  const auto theft = theft_of(2, 256 * KiB, 1 * GiB, left);
  CHECK(theft.has_value() == (left < 4));
  // What can be called back is.
  const auto whole = theft_of(2, chunk_bytes_max, 1 * GiB, left);
  REQUIRE(whole);
  CHECK(whole->recalled);
}

TEST_CASE_METHOD(fixture, "who is asked for what may come twice is sooner by a factor of two") {
  ask_all(7, 1);
  rates(10e6, 10e6, 6e6);
  works[2].delay = 0.3;
  REQUIRE(theft_of(2, block_bytes));
  works[2].delay = 0.45;
  CHECK_FALSE(theft_of(2, block_bytes));
}

TEST_CASE_METHOD(fixture,
                 "beyond the bound what a silent source has is given up, and what comes slowly is asked for twice") {
  ask_all(7, 1);
  rates(10e6, 10e6, 10e6);
  CHECK(theft_of(2, block_bytes, block_bytes));
  CHECK_FALSE(theft_of(2, block_bytes, 0));
  works[0].wait = works[0].mute = theft_gain_beyond_bound + 0.1;
  works[0].late = GENERATE(true, false);
  const auto theft = theft_of(2, block_bytes, 0, 10.0);
  REQUIRE(theft);
  CHECK(theft->recalled == works[0].late);
}

TEST_CASE("what comes in vain is what a source delivers until all is over, and a silent one may stay silent") {
  workload of;
  of.rate = 1e6;
  of.known = true;
  CHECK(bytes_in_vain(of, 1000, 1.0) == 1000);
  CHECK(bytes_in_vain(of, 1 * GiB, 1.0) == 2'000'000);
  of.delay = 0.5;
  CHECK(bytes_in_vain(of, 1 * GiB, 1.0) == 3'000'000);
  of.mute = 10;
  CHECK(bytes_in_vain(of, 1000, 1.0) == 200);
  CHECK(bytes_in_vain(of, 1000, 10.0) == 1000);
  CHECK(bytes_in_vain({}, 1000, 0.001) == 1000);
}
