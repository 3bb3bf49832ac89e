#include "net/event.hpp"

#include <catch2/catch.hpp>

#include "tests/net/world.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

awaitable<void> wait(event& e, int& woken) {
  co_await e.wait();
  ++woken;
}

awaitable<void> wait_until(event& e, time_point deadline, std::vector<bool>& outcomes) {
  const bool was_set = co_await e.wait_until(deadline);
  outcomes.push_back(was_set);
}

}  // namespace

TEST_CASE("an event wakes its waiter, now or when it comes", "[event]") {
  world w;
  event e(w.executor());
  int woken = 0;
  SECTION("waiting first") {
    w.tasks.spawn("waiter", wait(e, woken));
    w.context.poll();
    CHECK(woken == 0);
    e.set();
    CHECK(w.drain());
    CHECK(woken == 1);
  }
  SECTION("set first") {
    e.set();
    e.set();
    CHECK(w.finish(wait(e, woken)));
    // Both sets were one: the next waiter waits.
    w.tasks.spawn("waiter", wait(e, woken));
    w.context.poll();
    CHECK(woken == 1);
    e.set();
    CHECK(w.drain());
    CHECK(woken == 2);
  }
}

TEST_CASE("a wait with a deadline says which came first", "[event]") {
  world w;
  event e(w.executor());
  std::vector<bool> outcomes;
  CHECK(w.finish(wait_until(e, clock::now() + std::chrono::milliseconds(5), outcomes)));
  CHECK(w.finish(wait_until(e, time_point::min(), outcomes)));
  e.set();
  CHECK(w.finish(wait_until(e, clock::now(), outcomes)));
  w.tasks.spawn("waiter", wait_until(e, never, outcomes));
  w.context.poll();
  e.set();
  CHECK(w.drain());
  CHECK(outcomes == std::vector<bool>{false, false, true, true});

  // A wait without a deadline works as ever after one with.
  int woken = 0;
  w.tasks.spawn("waiter", wait(e, woken));
  w.context.poll();
  CHECK(woken == 0);
  e.set();
  CHECK(w.drain());
  CHECK(woken == 1);
}
