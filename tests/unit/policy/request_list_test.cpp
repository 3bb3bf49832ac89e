#include "policy/request_list.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

namespace {

sent_request request(std::uint32_t first, std::uint32_t count) {
  sent_request made;
  made.range = {piece_index{0}, first * block_bytes, count * block_bytes};
  made.chunk = chunk_index{0};
  made.blocks = made.live = blocks_from(first, count);
  return made;
}

struct fixture {
  request_list list;
  sent_request a = request(0, 4);
  sent_request b = request(4, 4);
  fixture() {
    list.on_sent(a);
    list.on_sent(b);
  }
  ~fixture() { list.check_invariants(); }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a request leaves the window once, by answer or reject") {
  CHECK(list.bytes() == 8 * block_bytes);
  REQUIRE(list.on_begin(b.range));
  CHECK(list.receiving({piece_index{0}, 5 * block_bytes, block_bytes}));
  CHECK_FALSE(list.receiving({piece_index{0}, 7 * block_bytes, 2 * block_bytes}));
  CHECK_FALSE(list.receiving(a.range));
  CHECK(list.on_end(b.range));
  CHECK_FALSE(list.on_end(b.range));
  CHECK_FALSE(list.on_begin(b.range));
  CHECK(list.bytes() == 4 * block_bytes);
  REQUIRE(list.on_reject(a.range));
  CHECK_FALSE(list.on_reject(a.range));
  CHECK(list.bytes() == 0);
}

TEST_CASE_METHOD(fixture, "a request of which nothing is expected is cancelled and leaves the window at once") {
  list.on_not_expected(chunk_index{0}, blocks_from(4, 3));
  CHECK_FALSE(list.next_cancel());
  list.on_not_expected(chunk_index{1}, ~block_mask{0});
  list.on_not_expected(chunk_index{0}, blocks_from(7, 1));
  CHECK(list.next_cancel() == b.range);
  CHECK_FALSE(list.next_cancel());
  CHECK(list.bytes() == 4 * block_bytes);
  const bool answered = GENERATE(true, false);
  if (answered) {
    CHECK(list.on_begin(b.range));
    CHECK_FALSE(list.on_end(b.range));
  } else {
    CHECK(list.on_reject(b.range)->live == 0);
  }
  CHECK_FALSE(list.on_begin(b.range));
  CHECK(list.bytes() == 4 * block_bytes);
}

TEST_CASE_METHOD(fixture, "a request whose answer has begun is not cancelled") {
  REQUIRE(list.on_begin(a.range));
  list.on_not_expected(chunk_index{0}, a.blocks);
  CHECK_FALSE(list.next_cancel());
  CHECK(list.bytes() == 8 * block_bytes);
}

TEST_CASE_METHOD(fixture, "a range asked for again is told from the one that was cancelled") {
  list.on_not_expected(chunk_index{0}, b.blocks);
  list.on_sent(b);
  CHECK(list.on_reject(b.range)->live == 0);
  CHECK(list.on_begin(b.range));
  CHECK(list.on_end(b.range));
  CHECK(list.bytes() == 4 * block_bytes);
}

TEST_CASE_METHOD(fixture, "what another was asked for, too, is at risk until it is answered or rejected") {
  list.on_wagered(chunk_index{0}, blocks_from(0, 3), 3 * block_bytes);
  list.on_wagered(chunk_index{0}, blocks_from(1, 3), 3 * block_bytes);
  list.on_wagered(chunk_index{1}, blocks_from(0, 4), 4 * block_bytes);
  // No more than was asked for.
  CHECK(list.at_risk() == 4 * block_bytes);
  list.on_wagered(chunk_index{0}, blocks_from(4, 2), 2 * block_bytes);
  CHECK(list.at_risk() == 6 * block_bytes);
  list.on_not_expected(chunk_index{0}, blocks_from(4, 4));
  CHECK(list.first_owed() == b.sent);
  CHECK(list.at_risk() == 6 * block_bytes);
  REQUIRE(list.on_reject(b.range));
  CHECK_FALSE(list.first_owed());
  CHECK(list.at_risk() == 4 * block_bytes);
  const bool late = GENERATE(true, false);
  if (late) list.on_given_up();
  REQUIRE(list.on_begin(a.range));
  CHECK(list.at_risk() == 4 * block_bytes);
  (void)list.on_end(a.range);
  CHECK(list.at_risk() == 0);
}

TEST_CASE_METHOD(fixture, "late requests are remembered up to a limit") {
  list.on_given_up();
  CHECK(list.empty());
  CHECK(list.bytes() == 0);
  for (std::uint32_t i = 0; i < late_requests_max - 1; ++i) {
    auto more = request(0, 1);
    more.range.piece = piece_index{1 + i};
    list.on_sent(more);
  }
  list.on_given_up();
  CHECK_FALSE(list.on_begin(a.range));
  CHECK(list.on_begin(b.range));
}

TEST_CASE_METHOD(fixture, "a source that comes back is told once to leave what it has not begun to send") {
  REQUIRE(list.on_begin(a.range));
  list.on_given_up();
  list.on_alive();
  list.on_alive();
  CHECK(list.next_cancel() == b.range);
  CHECK_FALSE(list.next_cancel());
}
