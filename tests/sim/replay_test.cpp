// The same scenario gives the same events, in the same order.
#include <catch2/catch.hpp>

#include "simulate/swarm.hpp"

namespace shoal::simulate {
namespace {

std::uint64_t trace_of(const scenario& how) {
  observer nobody;
  swarm crowd(how, nobody);
  while (crowd.step()) {
  }
  CHECK(crowd.complete());
  crowd.check_invariants();
  return crowd.net().events().trace();
}

TEST_CASE("a seed replays exactly") {
  scenario how;
  how.share_bytes = 4 * MiB;
  how.leechers = 8;
  how.churn_share = 0.2;
  how.slow_share = 0.2;
  how.latency_spread = std::chrono::milliseconds(5);
  how.trouble_time = std::chrono::seconds(1);
  const std::uint64_t first = trace_of(how);
  CHECK(trace_of(how) == first);
  how.seed = 2;
  CHECK(trace_of(how) != first);
}

}  // namespace
}  // namespace shoal::simulate
