#include "net/task_group.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "tests/net/world.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

awaitable<void> wait(event& e) {
  co_await e.wait();
}
awaitable<void> fail(event& e) {
  co_await e.wait();
  throw std::runtime_error("on purpose");
}
awaitable<void> fail_at_once() {
  throw std::runtime_error("on purpose");
  co_return;
}
awaitable<void> spawn_another(task_group& group, event& first, event& second) {
  co_await first.wait();
  group.spawn("second", wait(second));
}
awaitable<void> join(task_group& group, bool& joined) {
  co_await group.join();
  joined = true;
}

}  // namespace

TEST_CASE("join returns after the last child, grandchildren included", "[task_group]") {
  world w;
  task_group group(w.executor());
  event first(w.executor());
  event second(w.executor());
  bool joined = false;
  group.spawn("first", spawn_another(group, first, second));
  w.tasks.spawn("owner", join(group, joined));
  w.context.poll();
  CHECK_FALSE(joined);
  first.set();
  w.context.restart();
  w.context.poll();
  CHECK_FALSE(joined);
  CHECK(group.size() == 1);
  second.set();
  CHECK(w.drain());
  CHECK(joined);
}

TEST_CASE("an empty group is joined at once, a used one again", "[task_group]") {
  world w;
  task_group group(w.executor());
  for (int round = 0; round < 3; ++round) {
    bool joined = false;
    CHECK(w.finish(join(group, joined)));
    CHECK(joined);
    event e(w.executor());
    e.set();
    group.spawn("child", wait(e));
    CHECK(w.until([&] { return group.size() == 0; }));
  }
}

TEST_CASE("a child that throws is reported and the others go on", "[task_group]") {
  world w;
  task_group group(w.executor());
  event bad(w.executor());
  event good(w.executor());
  group.spawn("bad", fail(bad));
  group.spawn("worse", fail_at_once());
  group.spawn("good", wait(good));
  bad.set();
  CHECK(w.until([&] { return group.size() == 1; }));
  good.set();
  bool joined = false;
  CHECK(w.finish(join(group, joined)));
  CHECK(joined);
}
