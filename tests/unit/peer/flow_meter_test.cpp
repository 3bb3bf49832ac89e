#include "peer/session/flow_meter.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace shoal::testing {

namespace {

constexpr time_point begun{1h};

}  // namespace

TEST_CASE("the rate is what came in the last second, and the total all of it", "[flow_meter]") {
  flow_meter flow;
  CHECK(flow.rate(begun) == 0);
  for (duration at = 0s; at < 10s; at += 10ms) flow.on_bytes(1000, begun + at);
  CHECK(flow.total() == 1'000'000);
  CHECK(flow.rate(begun + 10s) == Approx(100'000).epsilon(0.02));
  // Ten times as fast.
  for (duration at = 10s; at < 12s; at += 10ms) flow.on_bytes(10'000, begun + at);
  CHECK(flow.rate(begun + 12s) == Approx(1'000'000).epsilon(0.02));
}

TEST_CASE("the rate falls to zero when nothing comes any more", "[flow_meter]") {
  flow_meter flow;
  for (duration at = 0s; at < 3s; at += 10ms) flow.on_bytes(1000, begun + at);
  double before = flow.rate(begun + 3s);
  for (duration at = 3s; at <= 5s; at += 100ms) {
    const double now = flow.rate(begun + at);
    CHECK(now <= before);
    before = now;
  }
  CHECK(before == 0);
  CHECK(flow.rate(begun + 1h) == 0);
  // What comes after a pause counts from then on.
  flow.on_bytes(500, begun + 10s);
  CHECK(flow.rate(begun + 10s) == 500);
  CHECK(flow.rate(begun + 13s) == 0);
  CHECK(flow.total() == 300'500);
}

TEST_CASE("few large parts make the same rate as many small ones", "[flow_meter]") {
  flow_meter flow;
  for (duration at = 0s; at < 20s; at += 700ms) flow.on_bytes(700'000, begun + at);
  double sum = 0;
  for (duration at = 10s; at < 19s; at += 100ms) {
    flow_meter again;
    for (duration then = 0s; then <= at; then += 700ms) again.on_bytes(700'000, begun + then);
    sum += again.rate(begun + at);
  }
  CHECK(sum / 90 == Approx(1'000'000).epsilon(0.1));
}

}  // namespace shoal::testing
