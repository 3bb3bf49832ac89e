#include "policy/task_spread.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace shoal;
using namespace std::chrono_literals;

namespace {

constexpr source_id ann{1};
constexpr source_id bob{2};
constexpr source_id cat{3};
constexpr time_point start{1s};

}  // namespace

TEST_CASE("each task goes to one source first") {
  task_spread tasks(3);
  CHECK(tasks.next_time(ann, false) == time_point::min());
  CHECK(tasks.next(ann, false, start) == 0u);
  CHECK(tasks.next(bob, true, start) == 1u);
  CHECK(tasks.next(ann, false, start) == 2u);
  CHECK_FALSE(tasks.next(ann, false, start));
  CHECK(tasks.next_time(ann, false) == start + task_late_after);
  tasks.on_done(0);
  tasks.on_done(2);
  CHECK_FALSE(tasks.complete());
  tasks.on_done(1);
  CHECK(tasks.complete());
  CHECK(tasks.next_time(ann, true) == never);
}

TEST_CASE("who has nothing to do gets what is outstanding elsewhere the longest, from the back, and never twice") {
  task_spread tasks(3);
  CHECK(tasks.next(ann, false, start) == 0u);
  CHECK(tasks.next(ann, false, start + 1ms) == 1u);
  CHECK(tasks.next(ann, false, start + 1ms) == 2u);
  CHECK(tasks.next(bob, true, start + 2ms) == 0u);
  CHECK(tasks.next(bob, true, start + 2ms) == 2u);
  CHECK(tasks.next(cat, true, start + 2ms) == 1u);
  CHECK(tasks.next(bob, true, start + 3ms) == 1u);
  CHECK_FALSE(tasks.next(bob, true, start + 3ms));
  CHECK(tasks.next_time(bob, true) == never);
  tasks.check_invariants();
}

TEST_CASE("a task that is late is everybody's") {
  task_spread tasks(1);
  CHECK(tasks.next(ann, false, start) == 0u);
  CHECK_FALSE(tasks.next(bob, false, start + task_late_after - 1ns));
  CHECK(tasks.next_time(bob, false) == start + task_late_after);
  CHECK(tasks.next(bob, false, start + task_late_after) == 0u);
  // It was asked for anew: not late for the next one.
  CHECK_FALSE(tasks.next(cat, false, start + task_late_after));
  CHECK(tasks.next(cat, false, start + 2 * task_late_after) == 0u);
}

TEST_CASE("what is given back or lost is given out again") {
  task_spread tasks(2);
  CHECK(tasks.next(ann, false, start) == 0u);
  CHECK(tasks.next(ann, false, start) == 1u);
  CHECK(tasks.next(bob, true, start) == 1u);
  tasks.on_given_back(ann, 1);
  // Bob has it still.
  CHECK_FALSE(tasks.next(cat, false, start));
  tasks.on_given_back(ann, 0);
  CHECK(tasks.next(cat, false, start) == 0u);
  tasks.on_done(0);
  tasks.on_given_back(cat, 0);
  CHECK_FALSE(tasks.next(ann, false, start));
  tasks.on_undone(0);
  CHECK(tasks.next(ann, false, start) == 0u);
  tasks.check_invariants();
}

TEST_CASE("nothing is lost, whatever happens in whatever order") {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
    task_spread tasks(1 + below(40));
    time_point now = start;
    for (int step = 0; step < 2000; ++step) {
      now += 1ms * below(40);
      const source_id source{below(5)};
      const std::uint32_t task = below(tasks.size());
      switch (below(5)) {
        case 0:
        case 1: {
          const bool duplicate = below(2) == 0;
          const bool due = tasks.next_time(source, duplicate) <= now;
          CHECK(tasks.next(source, duplicate, now).has_value() == due);
          break;
        }
        case 2:
          tasks.on_given_back(source, task);
          break;
        case 3:
          tasks.on_done(task);
          break;
        default:
          if (below(4) == 0) tasks.on_undone(task);
      }
      tasks.check_invariants();
    }
  }
}
