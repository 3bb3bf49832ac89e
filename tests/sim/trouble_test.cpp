// Whole swarms in which things go wrong: everybody who lasts gets everything, each block once, from who does not lie.
#include <catch2/catch.hpp>

#include "sim/checkers.hpp"

namespace shoal::simulate {
namespace {

scenario small_crowd(std::uint64_t seed) {
  scenario how;
  how.seed = seed;
  how.share_bytes = 3 * MiB + 5000;
  how.leechers = 8;
  how.trouble_time = std::chrono::seconds(1);
  return how;
}

TEST_CASE("a crowd gets each block once") {
  watcher seen;
  scenario how = small_crowd(1);
  how.leechers = 16;
  run_watched(how, seen);
}

TEST_CASE("liars are found and banned, and nobody else is") {
  scenario how = small_crowd(2);
  how.liars = 2;
  watcher seen;
  run_watched(how, seen);
  for (std::uint32_t i = 1; i <= how.leechers; ++i) {
    const node_index leecher{i};
    CAPTURE(i);
    CHECK_FALSE(seen.liars_met_by(leecher).empty());
    for (const node_index liar : seen.liars_met_by(leecher)) CHECK(seen.banned[leecher].contains(liar));
  }
}

TEST_CASE("what only a dead node had comes from the seeder again") {
  scenario how = small_crowd(3);
  how.churn_share = 0.5;
  how.trouble_time = std::chrono::milliseconds(400);
  watcher seen;
  run_watched(how, seen);
}

TEST_CASE("a crowd that knows only itself finds the seeder that comes later") {
  scenario how = small_crowd(4);
  how.leechers = 100;
  how.seeder_begins = std::chrono::seconds(12);
  how.time_max = std::chrono::minutes(2);
  observer nobody;
  swarm crowd(how, nobody);
  while (crowd.step()) {
  }
  CHECK(crowd.complete());
}

TEST_CASE("random trouble of all kinds at once") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    random_source chance(seed);
    scenario how = small_crowd(seed);
    how.leechers = static_cast<std::uint32_t>(2 + chance.below(10));
    how.seeders = static_cast<std::uint32_t>(1 + chance.below(2));
    how.share_bytes = 1 + chance.below(4 * MiB);
    how.piece_bytes = static_cast<std::uint32_t>(64 * KiB) << chance.below(6);
    how.latency = std::chrono::microseconds(50 + chance.below(50'000));
    how.latency_spread = std::chrono::microseconds(chance.below(20'000));
    how.start_spread = std::chrono::milliseconds(chance.below(500));
    how.uplink_slots = chance.below(2) == 0 ? 4 : 1000;
    how.limits.sources_max = static_cast<std::uint32_t>(4 + chance.below(60));
    how.slow_share = 0.3 * chance.fraction();
    how.slow_factor = 2 + 20 * chance.fraction();
    how.churn_share = 0.3 * chance.fraction();
    how.silent_share = 0.2 * chance.fraction();
    how.liars = static_cast<std::uint32_t>(chance.below(3));
    watcher seen;
    run_watched(how, seen);
  }
}

}  // namespace
}  // namespace shoal::simulate
