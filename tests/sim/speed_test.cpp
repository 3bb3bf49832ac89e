// How near to the fluid bound whole swarms come, in simulated time: the same on every machine.
#include <catch2/catch.hpp>
#include <initializer_list>
#include <vector>

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
  double sum = 0;
  for (how.seed = 1; how.seed <= 3; ++how.seed) sum += slowdown(how);
  CHECK(sum / 3 < 1.3);
}

std::vector<double> mbit(std::initializer_list<double> rates) {
  std::vector<double> all;
  for (const double rate : rates) all.push_back(bytes_per_second(rate));
  return all;
}

TEST_CASE("a crowd of unequal links finishes in little more than the time of one copy") {
  scenario how;
  how.leechers = 8;
  how.seeder_uplink = bytes_per_second(20);
  how.uplinks = mbit({80, 80, 20, 20, 5, 5, 2, 2});
  how.downlinks = mbit({320, 320, 80, 80, 20, 20, 20, 20});
  for (how.seed = 1; how.seed <= 3; ++how.seed) {
    how.share_bytes = 16 * MiB;
    CHECK(slowdown(how) < 1.3);
    how.share_bytes = 64 * MiB;
    CHECK(slowdown(how) < 1.1);
  }
}

TEST_CASE("a leecher that takes little holds up nobody else") {
  // It passes everything on at once, and the others hardly anything: they are not held back for its sake for long.
  scenario how;
  how.share_bytes = 16 * MiB;
  how.leechers = 7;
  how.seeder_uplink = bytes_per_second(100);
  how.uplinks = mbit({80, 2, 2, 2, 2, 2, 2});
  how.downlinks = mbit({1, 80, 80, 80, 80, 80, 80});
  // The six others need so long without it, because nearly all of it comes from the seeder.
  const double alone = 6.0 * static_cast<double>(how.share_bytes) / bytes_per_second(100 + 6 * 2);
  for (how.seed = 1; how.seed <= 3; ++how.seed) {
    observer nobody;
    swarm crowd(how, nobody);
    while (crowd.step()) {
    }
    REQUIRE(crowd.complete());
    CHECK(figures_of(crowd).median_seconds < 1.4 * alone);
  }
}

TEST_CASE("what a seeder tells a crowd does not take its uplink from it") {
  scenario how;
  how.share_bytes = 16 * MiB;
  how.leechers = 63;
  how.limits.crowd_max = 8;
  how.message_bytes_more = 200;
  CHECK(slowdown(how) < 1.25);
}

}  // namespace
}  // namespace shoal::simulate
