#include "core/fair_places.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

using namespace std::chrono_literals;

const time_point start{1h};

address_group v4(std::uint8_t number) {
  const std::array<std::uint8_t, 4> bytes{192, 0, 2, number};
  return address_group::of_v4(bytes);
}
address_group v6(std::uint8_t network, std::uint8_t host) {
  std::array<std::uint8_t, 16> bytes{0x20, 0x01};
  bytes[7] = network;
  bytes[15] = host;
  return address_group::of_v6(bytes);
}

}  // namespace

TEST_CASE("one network of IPv6 is one origin, and one address of IPv4") {
  CHECK(v6(1, 1) == v6(1, 2));
  CHECK(v6(1, 1) != v6(2, 1));
  CHECK(v4(1) != v4(2));
  CHECK(v4(1) != address_group());
}

TEST_CASE("the origin that holds most gives way, and there the oldest that was never of use") {
  fair_places places;
  const auto useful = places.take(v4(1), start);
  const auto idle = places.take(v4(1), start + 1s);
  places.take(v4(1), start + 2s);
  places.take(v4(2), start);
  places.on_use(useful, start + 1s);
  CHECK(places.next_to_leave(v4(3), start + 3s) == idle);
  places.leave(idle);
  CHECK(places.held_by(v4(1)) == 2);
}

TEST_CASE("an origin that would hold most gives way itself") {
  fair_places places;
  const auto first = places.take(v4(1), start);
  places.take(v4(2), start);
  places.take(v4(1), start);
  places.take(v4(2), start);
  CHECK(places.next_to_leave(v4(1), start + 3s) == first);
}

TEST_CASE("where everybody holds one the oldest goes that was never of use") {
  fair_places places;
  CHECK_FALSE(places.next_to_leave(v4(9), start + 3s));
  const auto used = places.take(v4(1), start);
  const auto idle = places.take(v4(2), start + 1s);
  places.on_use(used, start);
  CHECK(places.next_to_leave(v4(3), start + 3s) == idle);
}

TEST_CASE("what was of use long ago gives way like what never was") {
  fair_places places;
  const auto once = places.take(v4(1), start);
  places.on_use(once, start + 1s);
  const auto fresh = places.take(v4(2), start + 1min);
  CHECK(places.next_to_leave(v4(3), start + 1min) == fresh);
  CHECK(places.next_to_leave(v4(3), start + 1s + fair_places::useful_for) == once);
  // The owner may ask late, and a use is never taken back.
  places.on_use(once, start + 1min);
  places.on_use(once, start + 2s);
  CHECK(places.next_to_leave(v4(3), start + 2min - 1s) == fresh);
}

TEST_CASE("a newcomer has its grace against those who hold no fewer") {
  fair_places places(5s);
  const auto idle = places.take(v4(1), start);
  const auto fresh = places.take(v4(2), start + 10s);
  CHECK(places.next_to_leave(v4(3), start + 11s) == idle);
  places.leave(idle);
  CHECK_FALSE(places.next_to_leave(v4(3), start + 11s));
  CHECK_FALSE(places.next_to_leave(v4(2), start + 11s));
  CHECK(places.next_to_leave(v4(3), start + 15s) == fresh);
  // Whom the owner wants needs no grace of others.
  CHECK(places.next_to_leave(address_group(), start + 11s) == fresh);
}

TEST_CASE("grace does not let one origin take all places by always being new") {
  fair_places places(5s);
  for (int i = 0; i < 8; ++i) places.take(v4(1), start);
  const auto leaves = places.next_to_leave(v4(2), start);
  REQUIRE(leaves);
  places.leave(*leaves);
  const auto honest = places.take(v4(2), start);
  CHECK(places.next_to_leave(v4(3), start) != honest);
}

TEST_CASE("an origin holds more than its part, as another one sees it") {
  fair_places places;
  const auto one = places.take(v4(1), start);
  places.take(v4(1), start);
  places.take(v4(1), start);
  const auto other = places.take(v4(2), start);
  CHECK(places.above_part(one, 4, v4(2)));
  CHECK(places.above_part(one, 4, v4(3)));
  CHECK_FALSE(places.above_part(one, 4, v4(1)));
  CHECK_FALSE(places.above_part(other, 4, v4(3)));
}

TEST_CASE("an origin that holds few is never displaced by one that holds many") {
  fair_places places;
  const auto few = places.take(v4(1), start);
  for (int i = 0; i < 1000; ++i) {
    places.take(v4(2), start + 1s);
    if (places.size() <= 10) continue;
    const auto leaves = places.next_to_leave(v4(2), start + 3s);
    REQUIRE(leaves);
    REQUIRE(*leaves != few);
    places.leave(*leaves);
  }
}

}  // namespace shoal
