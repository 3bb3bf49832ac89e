#include "policy/quick_path.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

/// Whether a path that takes `bytes` every millisecond, for as long as 16 MiB last, counts as fast at some time.
bool fast_with(std::uint64_t bytes) {
  quick_path path;
  time_point now{};
  bool fast = false;
  for (std::uint64_t sent = 0; sent < 16 * MiB; sent += bytes, now += std::chrono::milliseconds(1)) {
    fast = path.on_sent(bytes, now) || fast;
  }
  return fast;
}

}  // namespace

TEST_CASE("a path is fast from 2 Gbit/s on") {
  CHECK(fast_with(300'000));
  CHECK_FALSE(fast_with(200'000));
}

TEST_CASE("the first 4 MiB tell, and a pause before does not count") {
  quick_path path;
  const time_point begin = time_point{} + std::chrono::hours(1);
  CHECK_FALSE(path.on_sent(3 * MiB, begin));
  CHECK(path.on_sent(1 * MiB, begin + std::chrono::milliseconds(4)));
  const time_point later = begin + std::chrono::seconds(10);
  CHECK_FALSE(path.on_sent(3 * MiB, later));
  CHECK(path.on_sent(1 * MiB, later + std::chrono::milliseconds(4)));
  // A pause within does.
  CHECK_FALSE(path.on_sent(3 * MiB, later + std::chrono::seconds(1)));
  CHECK_FALSE(path.on_sent(1 * MiB, later + std::chrono::seconds(2)));
}

TEST_CASE("a path of less than a millisecond is near, one of an unknown length is not") {
  CHECK(quick_path::is_near(std::chrono::microseconds(100)));
  CHECK_FALSE(quick_path::is_near(std::chrono::milliseconds(1)));
  CHECK_FALSE(quick_path::is_near(duration::zero()));
}

}  // namespace shoal
