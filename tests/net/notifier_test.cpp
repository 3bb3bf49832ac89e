#include "net/notifier.hpp"

#include <catch2/catch.hpp>

#include "tests/net/world.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

awaitable<void> wait_until(notifier& n, time_point deadline, int& woken) {
  co_await n.wait_until(deadline);
  ++woken;
}

}  // namespace

TEST_CASE("a notifier wakes all that wait, once", "[notifier]") {
  world w;
  notifier n(w.executor());
  int woken = 0;
  n.notify_all();
  for (int i = 0; i < 3; ++i) w.tasks.spawn("waiter", wait_until(n, never, woken));
  w.context.poll();
  CHECK(woken == 0);
  n.notify_all();
  CHECK(w.drain());
  CHECK(woken == 3);
}

TEST_CASE("a wait for a notifier ends at its deadline", "[notifier]") {
  world w;
  notifier n(w.executor());
  int woken = 0;
  CHECK(w.finish(wait_until(n, clock::now() + std::chrono::milliseconds(5), woken)));
  CHECK(woken == 1);
  // Nothing of it is left behind.
  n.notify_all();
}
