#include "policy/unsent_limit.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

/// What the limit is after a second at this rate, in bytes per second.
std::uint32_t limit_at(double rate) {
  unsent_limit limit;
  time_point now{};
  for (int i = 0; i < 100; ++i) {
    (void)limit.on_sent(static_cast<std::uint64_t>(rate / 100), now);
    now += std::chrono::milliseconds(10);
  }
  return limit.bytes();
}

}  // namespace

TEST_CASE("what may wait unsent goes out in a twentieth of a second") {
  CHECK(limit_at(1e3) == unsent_limit::bytes_min);
  CHECK(limit_at(40e3) == unsent_limit::bytes_min);
  CHECK(limit_at(250e3) == 8 * KiB);
  CHECK(limit_at(1e6) == 32 * KiB);
  CHECK(limit_at(1e9) == unsent_limit::bytes_max);
}

TEST_CASE("a change of what may wait unsent is told once, and soon where much is sent") {
  unsent_limit limit;
  time_point now{};
  CHECK_FALSE(limit.on_sent(unsent_limit::stretch_bytes / 2, now));
  now += std::chrono::milliseconds(1);
  CHECK(limit.on_sent(unsent_limit::stretch_bytes / 2, now));
  CHECK(limit.bytes() == unsent_limit::bytes_max);
  CHECK_FALSE(limit.on_sent(unsent_limit::stretch_bytes, now));
  // After a pause it is little at first.
  CHECK_FALSE(limit.on_sent(1, now));
  now += std::chrono::seconds(10);
  CHECK(limit.on_sent(16 * KiB, now));
  CHECK(limit.bytes() == unsent_limit::bytes_min);
}

}  // namespace shoal
