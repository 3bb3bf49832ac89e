#include "policy/rate_limit.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <deque>
#include <random>

#include "core/bytes.hpp"

namespace shoal {

namespace {

using namespace std::chrono_literals;

constexpr time_point start{std::chrono::seconds(1)};

}  // namespace

TEST_CASE("without a limit everything may pass at once", "[rate_limit]") {
  rate_limit none;
  CHECK_FALSE(none.limited());
  CHECK(none.take(1ULL << 40, start) == 1ULL << 40);
  CHECK(none.ready_at(1, start) == start);
}

TEST_CASE("over any two seconds the rate is right, however late those are who ask", "[rate_limit]") {
  const std::uint64_t rate = GENERATE(as<std::uint64_t>(), 1000, 100'000, 10'000'000, 1'000'000'000);
  const duration late = GENERATE(duration(0), duration(300us), duration(20ms));
  std::mt19937_64 random(7);
  rate_limit limit(rate);
  time_point now = start;
  std::deque<std::pair<time_point, std::uint64_t>> passed;
  std::uint64_t in_window = 0;
  double most = 0;
  double least = 1e18;
  while (now < start + 20s) {
    const std::uint64_t wanted = 1 + random() % (1 * MiB);
    const std::uint64_t given = limit.take(wanted, now);
    REQUIRE(given <= wanted);
    passed.emplace_back(now, given);
    in_window += given;
    while (passed.front().first <= now - 2s) {
      in_window -= passed.front().second;
      passed.pop_front();
    }
    if (now >= start + 3s) {
      most = std::max(most, static_cast<double>(in_window) / 2);
      least = std::min(least, static_cast<double>(in_window) / 2);
    }
    if (given > 0) continue;
    const time_point ready = limit.ready_at(wanted, now);
    REQUIRE(ready > now);
    now = ready + duration(static_cast<duration::rep>(
                      late.count() == 0 ? 0 : random() % static_cast<std::uint64_t>(late.count())));
  }
  CHECK(most <= 1.05 * static_cast<double>(rate));
  CHECK(least >= 0.95 * static_cast<double>(rate));
}

TEST_CASE("what did not pass is there for the next one", "[rate_limit]") {
  rate_limit limit(1'000'000);
  const auto given = limit.take(1 * MiB, start);
  CHECK(given == 50'000);
  CHECK(limit.take(1 * MiB, start) == 0);
  limit.put_back(given);
  CHECK(limit.take(1 * MiB, start) == given);
}

TEST_CASE("what passed unasked is made up for", "[rate_limit]") {
  rate_limit limit(1'000'000);
  CHECK(limit.take(1 * MiB, start) == 50'000);
  limit.owe(100'000, start);
  CHECK(limit.take(1000, start + 90ms) == 0);
  CHECK(limit.ready_at(1000, start + 90ms) > start + 100ms);
  CHECK(limit.ready_at(1000, start + 90ms) < start + 102ms);
  CHECK(limit.take(1000, start + 102ms) == 1000);
}

TEST_CASE("what was taken before the limit became low is not given back", "[rate_limit]") {
  rate_limit limit(1'000'000'000);
  const auto given = limit.take(1 * MiB, start);
  limit.set(100'000, start);
  limit.put_back(given);
  CHECK(limit.take(1 * MiB, start) <= 5000);
}

TEST_CASE("a limit that changes counts from then on", "[rate_limit]") {
  rate_limit limit(1'000'000'000);
  limit.set(1000, start);
  CHECK(limit.take(1 * MiB, start) == 0);
  CHECK(limit.ready_at(1 * MiB, start) > start);
  limit.set(0, start);
  CHECK(limit.take(1 * MiB, start) == 1 * MiB);
  limit.set(10'000'000, start);
  CHECK(limit.take(1 * MiB, start) == 0);
  CHECK(limit.take(1 * MiB, start + 100ms) == 500'000);
}

}  // namespace shoal
