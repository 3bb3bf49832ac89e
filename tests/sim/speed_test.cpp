// How near to the fluid bound whole swarms come, in simulated time: the same on every machine.
#include <catch2/catch.hpp>

#include "simulate/report.hpp"

namespace shoal::simulate {
namespace {

/// Last leecher over the bound.
double slowdown(std::uint32_t leechers, duration latency) {
  scenario how;
  how.leechers = leechers;
  how.latency = latency;
  observer nobody;
  swarm crowd(how, nobody);
  while (crowd.step()) {
  }
  REQUIRE(crowd.complete());
  const figures reached = figures_of(crowd);
  return reached.last_seconds / reached.bound_seconds;
}

TEST_CASE("a far source is at full speed after a few round trips") {
  CHECK(slowdown(1, std::chrono::milliseconds(100)) < 1.1);
}

TEST_CASE("a crowd finishes in little more than the time of one copy") {
  CHECK(slowdown(16, std::chrono::milliseconds(1)) < 1.05);
  CHECK(slowdown(16, std::chrono::milliseconds(50)) < 1.15);
}

}  // namespace
}  // namespace shoal::simulate
