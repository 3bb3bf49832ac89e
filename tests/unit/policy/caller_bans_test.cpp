#include "policy/caller_bans.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

using namespace std::chrono_literals;

const time_point start{1h};

address_group origin(std::uint8_t number) {
  const std::array<std::uint8_t, 4> bytes{192, 0, 2, number};
  return address_group::of_v4(bytes);
}
peer_id id(std::uint8_t number) {
  peer_id one;
  one.bytes[0] = number;
  return one;
}

}  // namespace

TEST_CASE("a liar does not call for a while, and the peer whose id it used does") {
  caller_bans bans;
  bans.on_liar(id(1), origin(1), start);
  CHECK(bans.banned(id(1), origin(1), start + ban_min - 1s));
  CHECK_FALSE(bans.banned(id(1), origin(1), start + ban_min));
  CHECK_FALSE(bans.banned(id(1), origin(2), start));
  CHECK_FALSE(bans.banned(id(2), origin(1), start));
  CHECK(bans.count(start) == 1);
  CHECK(bans.count(start + ban_min) == 0);
}

TEST_CASE("who lies again waits longer each time, a day at most") {
  caller_bans bans;
  time_point now = start;
  for (duration wait = ban_min; wait < ban_max; wait *= 2) {
    bans.on_liar(id(1), origin(1), now);
    bans.on_liar(id(1), origin(1), now + 1s);
    CHECK(bans.banned(id(1), origin(1), now + wait - 1s));
    now += wait;
    CHECK_FALSE(bans.banned(id(1), origin(1), now));
  }
  bans.on_liar(id(1), origin(1), now);
  CHECK_FALSE(bans.banned(id(1), origin(1), now + ban_max));
  // It is one liar still.
  CHECK_FALSE(bans.banned(id(2), origin(1), start));
}

TEST_CASE("an origin of several liars waits, longer each time") {
  caller_bans bans;
  for (std::uint8_t i = 0; i < liars_per_origin; ++i) bans.on_liar(id(i), origin(1), start);
  CHECK(bans.banned(id(99), origin(1), start + origin_ban_min - 1s));
  CHECK_FALSE(bans.banned(id(99), origin(1), start + origin_ban_min));
  bans.on_liar(id(50), origin(1), start);
  CHECK(bans.banned(id(99), origin(1), start + 2 * origin_ban_min - 1s));
  for (std::uint8_t i = 100; i < 200; ++i) bans.on_liar(id(i), origin(1), start);
  CHECK_FALSE(bans.banned(id(99), origin(1), start + origin_ban_max));
}

TEST_CASE("one liar that is banned again counts once") {
  caller_bans bans;
  for (int i = 0; i < 10; ++i) bans.on_liar(id(1), origin(1), start);
  CHECK_FALSE(bans.banned(id(2), origin(1), start));
}

}  // namespace shoal
