#include "core/connection_rate.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

using namespace std::chrono_literals;

const time_point start{1h};

address_group origin(std::uint32_t number) {
  std::array<std::uint8_t, 4> bytes{10};
  for (std::size_t at = 1; at < 4; ++at) bytes[at] = static_cast<std::uint8_t>(number >> (8 * (at - 1)));
  return address_group::of_v4(bytes);
}

}  // namespace

TEST_CASE("an origin opens so many connections at once, and then so many a second") {
  connection_rate subject({10, 2});
  const auto let_in = [&](time_point now) {
    int count = 0;
    (void)subject.release(now);
    for (int i = 0; i < 100; ++i) count += subject.on_connection(origin(1), now) ? 1 : 0;
    return count;
  };
  CHECK(let_in(start) == 10);
  int later = 0;
  for (auto now = start + 100ms; now < start + 10s; now += 100ms) later += let_in(now);
  CHECK(later >= 18);
  CHECK(later <= 20);
  CHECK(let_in(start + 1h) == 10);
}

TEST_CASE("an origin without credit is held until it has some") {
  connection_rate subject({2, 1});
  CHECK(subject.next_release() == never);
  CHECK(subject.on_connection(origin(1), start));
  CHECK(subject.held().empty());
  CHECK(subject.on_connection(origin(1), start));
  CHECK(subject.held() == std::vector{origin(1)});
  CHECK(subject.next_release() == start + 1s);
  // Some are on their way already.
  CHECK_FALSE(subject.on_connection(origin(1), start + 500ms));
  CHECK_FALSE(subject.release(start + 500ms));
  CHECK(subject.release(start + 1s));
  CHECK(subject.held().empty());
  CHECK(subject.on_connection(origin(1), start + 1s));
  CHECK(subject.next_release() == start + 2s);
}

TEST_CASE("connections that end soon count as many, and hold nobody for long") {
  connection_rate subject({100, 2});
  int count = 0;
  while (count < 1000 && subject.on_connection(origin(1), start)) {
    subject.on_short_connection(origin(1), start);
    ++count;
  }
  CHECK(count >= 10);
  CHECK(count <= 11);
  for (int i = 0; i < 1000; ++i) subject.on_short_connection(origin(1), start);
  subject.on_short_connection(origin(2), start);
  CHECK(subject.on_connection(origin(2), start));
  CHECK(subject.release(start + 10s));
  CHECK(subject.on_connection(origin(1), start + 12s));
}

TEST_CASE("a flood of one origin is nothing to others") {
  connection_rate subject({10, 2});
  for (int i = 0; i < 100; ++i) (void)subject.on_connection(origin(1), start);
  CHECK_FALSE(subject.on_connection(origin(1), start));
  CHECK(subject.on_connection(origin(2), start));
}

TEST_CASE("origins that are full again are forgotten, and too many are let in") {
  connection_rate subject({10, 2});
  for (std::uint32_t n = 0; n < connection_rate::origins_max; ++n) CHECK(subject.on_connection(origin(n), start));
  CHECK(subject.on_connection(origin(connection_rate::origins_max), start));
  CHECK(subject.size() == connection_rate::origins_max);
  CHECK(subject.on_connection(origin(connection_rate::origins_max), start + 10s));
  CHECK(subject.size() == 1);
}

}  // namespace shoal
