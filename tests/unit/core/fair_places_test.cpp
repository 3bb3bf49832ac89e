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
  CHECK(places.next_to_leave(v4(3)) == idle);
  places.leave(idle);
  CHECK(places.held_by(v4(1)) == 2);
}

TEST_CASE("an origin that would hold most gives way itself") {
  fair_places places;
  const auto first = places.take(v4(1), start);
  places.take(v4(2), start);
  places.take(v4(1), start);
  places.take(v4(2), start);
  CHECK(places.next_to_leave(v4(1)) == first);
}

TEST_CASE("where everybody holds one the oldest goes that was never of use") {
  fair_places places;
  CHECK_FALSE(places.next_to_leave(v4(9)));
  const auto used = places.take(v4(1), start);
  const auto idle = places.take(v4(2), start + 1s);
  places.on_use(used, start);
  CHECK(places.next_to_leave(v4(3)) == idle);
}

TEST_CASE("an origin that holds few is never displaced by one that holds many") {
  fair_places places;
  const auto few = places.take(v4(1), start);
  for (int i = 0; i < 1000; ++i) {
    places.take(v4(2), start + 1s);
    if (places.size() <= 10) continue;
    const auto leaves = places.next_to_leave(v4(2));
    REQUIRE(leaves);
    REQUIRE(*leaves != few);
    places.leave(*leaves);
  }
}

}  // namespace shoal
