#include "policy/metadata_source.hpp"

#include <catch2/catch.hpp>

#include "policy/task_spread.hpp"

using namespace shoal;
using namespace std::chrono_literals;

namespace {

struct asking {
  time_point now{1s};
  metadata_source one{1 * MiB, now};
  std::uint32_t next = 0;

  /// As many requests as it may have in flight.
  std::uint32_t ask() {
    std::uint32_t count = 0;
    for (; one.can_be_asked(now); ++count) one.on_asked(info_piece_request{next++}, now);
    one.check_invariants();
    return count;
  }
};

}  // namespace

TEST_CASE_METHOD(asking, "what is in flight is bounded by bytes and by number") {
  CHECK(ask() == 64);
  metadata_source other(0, now);
  hash_range range;
  range.count = 2;
  for (; other.can_be_asked(now); ++range.index) other.on_asked(range, now);
  CHECK(range.index == metadata_requests_max);
  other.check_invariants();
}

TEST_CASE_METHOD(asking, "a source that is silent is asked for one thing after a pause, and for more as it answers") {
  ask();
  CHECK_FALSE(one.late(now + task_late_after - 1ns));
  CHECK(one.late(now + task_late_after));
  CHECK(one.deadline() == now + metadata_deadline);
  now = one.deadline();
  CHECK(one.on_silence(now).size() == 64);
  CHECK(one.deadline() == never);
  CHECK(ask() == 0);
  now = one.pause_end();
  one.on_deadline(now);
  CHECK(ask() == 1);
  // Its late answers count.
  CHECK(one.on_answer(info_piece_request{0}, now));
  one.on_useful();
  CHECK(ask() == 3);
  CHECK_FALSE(one.on_answer(info_piece_request{0}, now));
}

TEST_CASE_METHOD(asking, "a late answer ends the pause") {
  ask();
  now += metadata_deadline;
  one.on_silence(now);
  CHECK(one.on_answer(info_piece_request{5}, now));
  CHECK(ask() == 1);
}

TEST_CASE_METHOD(asking, "who rejects again and again is asked again after longer and longer") {
  duration pause = metadata_pause_min;
  for (int i = 0; i < 8; ++i) {
    ask();
    CHECK(one.on_answer(info_piece_request{next - 1}, now));
    one.on_reject(now);
    one.on_reject(now);
    CHECK_FALSE(one.can_be_asked(now));
    CHECK(one.pause_end() == now + pause);
    pause = std::min(2 * pause, metadata_pause_max);
    one.give_up();
    now = one.pause_end();
    one.on_deadline(now);
  }
  one.on_useful();
  one.on_reject(now);
  CHECK(one.pause_end() == now + metadata_pause_min);
}

TEST_CASE_METHOD(asking, "duplicates are for who is idle, and four times as many each round trip for who is useful") {
  CHECK(one.may_duplicate());
  one.on_asked(info_piece_request{0}, now);
  CHECK_FALSE(one.may_duplicate());
  one.on_answer(info_piece_request{0}, now);
  one.on_useful();
  for (std::uint32_t piece = 1; piece <= 4; ++piece) {
    CHECK(one.may_duplicate());
    one.on_asked(info_piece_request{piece}, now);
  }
  CHECK_FALSE(one.may_duplicate());
}

TEST_CASE_METHOD(asking, "who was of no use for the info dictionary is asked for one layer first") {
  ask();
  one.on_info_known();
  CHECK(one.idle());
  CHECK(ask() == 1);
}
