// How near to the fluid bound whole swarms come, in simulated time: the same on every machine.
#include <catch2/catch.hpp>

#include "simulate/report.hpp"

namespace shoal::simulate {
namespace {

/// Last leecher over the bound.
double slowdown(const scenario& how) {
  observer nobody;
  swarm crowd(how, nobody);
  while (crowd.step()) {
  }
  REQUIRE(crowd.complete());
  const figures reached = figures_of(crowd);
  return reached.last_seconds / reached.bound_seconds;
}

double slowdown(std::uint32_t leechers, duration latency) {
  scenario how;
  how.leechers = leechers;
  how.latency = latency;
  return slowdown(how);
}

TEST_CASE("a far source is at full speed after a few round trips") {
  CHECK(slowdown(1, std::chrono::milliseconds(100)) < 1.1);
}

TEST_CASE("a crowd finishes in little more than the time of one copy") {
  CHECK(slowdown(16, std::chrono::milliseconds(1)) < 1.05);
  CHECK(slowdown(16, std::chrono::milliseconds(50)) < 1.15);
}

TEST_CASE("a fast seeder serves as many slow leechers as its uplink carries") {
  scenario how;
  how.share_bytes = 16 * MiB;
  how.leechers = 40;
  how.seeder_uplink = bytes_per_second(1000);
  how.downlink = bytes_per_second(20);
  how.uplink = bytes_per_second(5);
  CHECK(slowdown(how) < 1.3);
}

TEST_CASE("what a seeder tells a crowd does not take its uplink from it") {
  scenario how;
  how.share_bytes = 16 * MiB;
  how.leechers = 63;
  how.crowd_max = 8;
  how.message_bytes_more = 200;
  CHECK(slowdown(how) < 1.25);
}

}  // namespace
}  // namespace shoal::simulate
