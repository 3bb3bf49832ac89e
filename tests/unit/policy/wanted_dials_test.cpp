#include "policy/wanted_dials.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

const time_point start{std::chrono::hours(1)};

}  // namespace

TEST_CASE("one address is dialled once a second, however often it is named", "[wanted_dials]") {
  wanted_dials subject;
  const peer_address victim{"192.0.2.1", 80};
  int dials = 0;
  for (int ms = 0; ms < 5000; ++ms) {
    if (subject.on_wanted(victim, start + std::chrono::milliseconds(ms))) ++dials;
  }
  CHECK(dials == 5);
  CHECK(subject.on_wanted({"192.0.2.1", 81}, start + std::chrono::seconds(5)));
}

TEST_CASE("many addresses are dialled no more often than the bucket fills", "[wanted_dials]") {
  wanted_dials subject;
  int dials = 0;
  for (int i = 0; i < 10'000; ++i) {
    const peer_address where{"192.0.2." + std::to_string(i % 250), static_cast<std::uint16_t>(i + 1)};
    if (subject.on_wanted(where, start + std::chrono::milliseconds(i))) ++dials;
  }
  CHECK(dials <= 20 + 100);
  CHECK(dials >= 100);
}

TEST_CASE("an address without a port is none", "[wanted_dials]") {
  wanted_dials subject;
  CHECK_FALSE(subject.on_wanted({"192.0.2.1", 0}, start));
}

}  // namespace shoal
