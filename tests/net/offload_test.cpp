#include "net/offload.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <thread>
#include <utility>

#include "core/error.hpp"
#include "tests/net/world.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

struct observed {
  std::thread::id before;
  std::thread::id during;
  std::thread::id after;
  result<std::unique_ptr<int>> value = error{};
};

awaitable<void> work(asio::thread_pool& pool, observed& seen) {
  seen.before = std::this_thread::get_id();
  auto task = [&seen, number = std::make_unique<int>(42)]() mutable -> result<std::unique_ptr<int>> {
    seen.during = std::this_thread::get_id();
    return std::move(number);
  };
  seen.value = co_await offload(pool, std::move(task));
  seen.after = std::this_thread::get_id();
}

// Takes its time to go, as an answer that overtakes it would show.
struct slow_to_go {
  bool* gone;
  explicit slow_to_go(bool& flag) : gone(&flag) {}
  slow_to_go(slow_to_go&& other) noexcept : gone(std::exchange(other.gone, nullptr)) {}
  ~slow_to_go() {
    if (gone == nullptr) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    *gone = true;
  }
};

awaitable<void> work_with_holdings(asio::thread_pool& pool, bool& gone, bool& gone_in_time) {
  auto task = [held = slow_to_go(gone)] { return held.gone != nullptr; };
  (void)co_await offload(pool, std::move(task));
  gone_in_time = gone;
}

awaitable<void> work_many(asio::thread_pool& pool, int rounds, int& sum) {
  for (int i = 0; i < rounds; ++i) {
    auto task = [i] { return i; };
    const int got = co_await offload(pool, std::move(task));
    sum += got;
  }
}

}  // namespace

TEST_CASE("work runs on the pool and its caller goes on where it was", "[offload]") {
  asio::thread_pool pool(1);
  world w;
  observed seen;
  REQUIRE(w.finish(work(pool, seen)));
  CHECK(seen.before == std::this_thread::get_id());
  CHECK(seen.after == seen.before);
  CHECK(seen.during != seen.before);
  REQUIRE(seen.value.has_value());
  CHECK(**seen.value == 42);
}

TEST_CASE("what the work holds is gone before its caller goes on", "[offload]") {
  // The pool outlives the context here: nothing of the context may be touched after the answer.
  asio::thread_pool pool(1);
  world w;
  bool gone = false;
  bool gone_in_time = false;
  REQUIRE(w.finish(work_with_holdings(pool, gone, gone_in_time)));
  CHECK(gone_in_time);
}

TEST_CASE("run() does not return while work is out", "[offload]") {
  asio::thread_pool pool(2);
  world w;
  int sum = 0;
  for (int i = 0; i < 8; ++i) w.tasks.spawn("worker", work_many(pool, 100, sum));
  w.context.run();
  CHECK(sum == 8 * 4950);
  CHECK(w.tasks.size() == 0);
}
