#include "policy/room_wait.hpp"

#include <catch2/catch.hpp>

using namespace shoal;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t needed = 1000;
constexpr time_point begin{1h};

}  // namespace

TEST_CASE("a download waits until all that it needs has room", "[room_wait]") {
  room_wait room;
  CHECK(!room.waiting());
  CHECK(room.next_look() == never);
  room.on_full(begin);
  CHECK(room.waiting());
  CHECK(room.next_look() == begin);
  room.on_room(needed, 300, begin);
  CHECK(room.lacking() == 700);
  CHECK(room.next_look() == begin + room_look_interval);
  room.on_room(needed, 999, begin + 2s);
  CHECK(room.lacking() == 1);
  CHECK(room.waiting());
  // What was on its way fails as well, and changes nothing.
  room.on_full(begin + 3s);
  CHECK(room.lacking() == 1);
  CHECK(room.next_look() == begin + 4s);
  room.on_room(needed, needed, begin + 4s);
  CHECK(!room.waiting());
}

TEST_CASE("where the disk shows room and refuses, tries become rarer", "[room_wait]") {
  room_wait room;
  const auto free = GENERATE(std::optional<std::uint64_t>(), std::optional<std::uint64_t>(needed));
  time_point now = begin;
  duration last{};
  for (int tries = 0; tries < 10; ++tries) {
    room.on_full(now);
    const time_point full_at = now;
    while (room.waiting()) {
      REQUIRE(room.next_look() >= now);
      now = room.next_look();
      room.on_room(needed, free, now);
      CHECK(room.lacking() == 0);
    }
    const duration pause = now - full_at;
    CHECK(pause == (tries == 0 ? room_look_interval : std::min<duration>(2 * last, room_try_interval_max)));
    last = pause;
  }
  CHECK(last == room_try_interval_max);
  room.on_stored();
  room.on_full(now);
  room.on_room(needed, free, now + room_look_interval);
  CHECK(!room.waiting());
}

TEST_CASE("a try says what is wrong with a disk that cannot be looked at", "[room_wait]") {
  room_wait room;
  room.on_full(begin);
  room.on_unknown();
  CHECK(!room.waiting());
}
