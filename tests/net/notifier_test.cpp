#include "net/notifier.hpp"

#include <catch2/catch.hpp>

#include "tests/net/world.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

awaitable<void> wait(notifier& n, time_point deadline, int times, int& woken) {
  for (int i = 0; i < times; ++i) {
    co_await n.wait_until(deadline);
    ++woken;
  }
}

}  // namespace

TEST_CASE("a notifier wakes all that wait, once", "[notifier]") {
  world w;
  notifier n(w.executor());
  int woken = 0;
  n.notify_all();
  for (int i = 0; i < 3; ++i) w.tasks.spawn("waiter", wait(n, never, 2, woken));
  w.context.poll();
  CHECK(woken == 0);
  n.notify_all();
  w.context.poll();
  CHECK(woken == 3);
  n.notify_all();
  CHECK(w.drain());
  CHECK(woken == 6);
}

TEST_CASE("a wait for a notifier ends at its deadline", "[notifier]") {
  world w;
  notifier n(w.executor());
  int woken = 0;
  CHECK(w.finish(wait(n, clock::now() + std::chrono::milliseconds(5), 1, woken)));
  CHECK(woken == 1);
}
