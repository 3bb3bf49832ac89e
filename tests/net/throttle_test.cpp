#include "peer/session/throttle.hpp"

#include <catch2/catch.hpp>
#include <memory>

#include "core/bytes.hpp"
#include "tests/net/world.hpp"

using namespace shoal;
using namespace shoal::testing;
using namespace std::chrono_literals;

namespace {

struct user {
  throttle::turn turn;
  std::uint64_t taken = 0;
  bool ended = false;

  explicit user(asio::any_io_executor executor) : turn(std::move(executor)) {}

  /// Without a limit it would never wait, so it takes no more than this.
  static constexpr std::uint64_t enough = 1 * GiB;

  /// Takes as much as it gets until it is cancelled.
  awaitable<void> take_all(throttle& from) {
    while (taken < enough) {
      const std::uint64_t given = co_await from.take(turn, 64 * KiB);
      if (given == 0) break;
      taken += given;
    }
    ended = true;
  }
};

/// What may have passed since then, at the most.
double most(std::uint64_t rate, time_point since) {
  return static_cast<double>(rate) * std::chrono::duration<double>(clock::now() - since + limit_burst).count();
}

}  // namespace

TEST_CASE("without a limit all is given at once", "[throttle]") {
  throttle whole;
  throttle one(&whole);
  CHECK(one.take_now(1 * GiB) == 1 * GiB);
  CHECK(one.lowest_rate() == 0);
  one.set_rate(5000);
  CHECK(one.lowest_rate() == 5000);
  whole.set_rate(3000);
  CHECK(one.lowest_rate() == 3000);
  one.set_rate(0);
  CHECK(one.lowest_rate() == 3000);
}

TEST_CASE("all who wait get as much, and together no more than the limit", "[throttle]") {
  world w;
  constexpr std::uint64_t rate = 2'000'000;
  throttle limit;
  limit.set_rate(rate);
  const time_point begun = clock::now();
  std::vector<std::unique_ptr<user>> users;
  for (int i = 0; i < 4; ++i) {
    users.push_back(std::make_unique<user>(w.executor()));
    w.tasks.spawn("user", users.back()->take_all(limit));
  }
  std::uint64_t all = 0;
  const auto enough = [&] {
    all = 0;
    for (const auto& one : users) all += one->taken;
    return all > 1'000'000;
  };
  REQUIRE(w.until(enough));
  CHECK(static_cast<double>(all) <= most(rate, begun));
  for (const auto& one : users) {
    CHECK(one->taken > all / 8);
    one->turn.cancel();
  }
  CHECK(w.drain());
}

TEST_CASE("a share has its own limit within that of the process", "[throttle]") {
  world w;
  throttle whole;
  throttle slow(&whole);
  throttle free(&whole);
  whole.set_rate(2'000'000);
  slow.set_rate(200'000);
  const time_point begun = clock::now();
  user one(w.executor());
  user two(w.executor());
  w.tasks.spawn("slow", one.take_all(slow));
  w.tasks.spawn("free", two.take_all(free));
  REQUIRE(w.until([&] { return two.taken > 600'000; }));
  CHECK(one.taken > 0);
  CHECK(static_cast<double>(one.taken) <= most(200'000, begun));
  CHECK(static_cast<double>(one.taken + two.taken) <= most(2'000'000, begun));
  one.turn.cancel();
  two.turn.cancel();
  CHECK(w.drain());
}

TEST_CASE("who is cancelled gets nothing, and the next one has its turn", "[throttle]") {
  world w;
  throttle limit;
  limit.set_rate(1'000'000);
  limit.owe(1'000'000'000);
  user first(w.executor());
  user second(w.executor());
  w.tasks.spawn("first", first.take_all(limit));
  w.tasks.spawn("second", second.take_all(limit));
  first.turn.cancel();
  REQUIRE(w.until([&] { return first.ended; }));
  CHECK(first.taken == 0);
  CHECK_FALSE(second.ended);
  // A limit that is lifted counts for those who wait.
  limit.set_rate(0);
  REQUIRE(w.until([&] { return second.taken > 0; }));
  second.turn.cancel();
  CHECK(w.drain());
}

TEST_CASE("what is given back goes to who waits", "[throttle]") {
  world w;
  throttle limit;
  limit.set_rate(1'000'000);
  limit.owe(1'000'000'000);
  user one(w.executor());
  w.tasks.spawn("one", one.take_all(limit));
  CHECK(limit.take_now(1000) == 0);
  limit.put_back(1'000'050'000);
  REQUIRE(w.until([&] { return one.taken > 0; }));
  one.turn.cancel();
  CHECK(w.drain());
}
