#include "peer/share/throughput.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace shoal::testing {

namespace {

constexpr time_point begun{1h};

}  // namespace

TEST_CASE("the rate follows what comes within a few seconds, and ends with the download") {
  throughput speed(begun);
  for (duration at = 0s; at <= 10s; at += 100ms) {
    speed.on_bytes(1000, begun + at);
    speed.measure(begun + at);
  }
  CHECK(speed.rate() == Approx(10'000).epsilon(0.01));
  speed.on_end(begun + 10s);
  CHECK(speed.rate() == 0);
}

TEST_CASE("silence counts from the last byte, or from when bytes were first expected") {
  throughput speed(begun);
  CHECK(speed.silence(begun + 2s) == 2s);
  speed.on_begin(begun + 2s);
  CHECK(speed.silence(begun + 3s) == 1s);
  speed.on_bytes(1, begun + 3s);
  CHECK(speed.silence(begun + 3s) == 0s);
}

TEST_CASE("a download takes until its end, and until now before") {
  throughput speed(begun);
  CHECK(speed.elapsed(begun + 5s) == 5s);
  speed.on_end(begun + 6s);
  CHECK(speed.elapsed(begun + 9s) == 6s);
}

}  // namespace shoal::testing
