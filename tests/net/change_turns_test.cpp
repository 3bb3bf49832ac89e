#include "peer/library/change_turns.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/net/world.hpp"

namespace shoal::testing {

namespace {

share_id share_of(std::uint8_t n) {
  share_id id;
  id.bytes[0] = n;
  return id;
}

struct changes {
  explicit changes(world& w) : told(w.executor()), turns(told), go_on(w.executor()) {}

  notifier told;
  change_turns turns;
  event go_on;  ///< ends the change that is called "first"
  std::vector<std::string> said;
};

awaitable<void> change(changes& all, share_id id, std::string name) {
  const auto turn = co_await all.turns.take(id);
  all.said.push_back(name + " begins");
  if (name == "first") co_await all.go_on.wait();
  all.said.push_back(name + " ends");
}

}  // namespace

TEST_CASE("changes of one share take turns, and those of another share do not wait") {
  world w;
  changes all(w);
  w.tasks.spawn("first", change(all, share_of(1), "first"));
  w.tasks.spawn("second", change(all, share_of(1), "second"));
  w.tasks.spawn("third", change(all, share_of(1), "third"));
  REQUIRE(w.finish(change(all, share_of(2), "other")));
  CHECK(all.said == std::vector<std::string>{"first begins", "other begins", "other ends"});
  all.go_on.set();
  REQUIRE(w.drain());
  REQUIRE(all.said.size() == 8);
  CHECK(all.said[3] == "first ends");
  // In any order, but one after the other.
  CHECK(all.said[4].substr(0, 6) == all.said[5].substr(0, 6));
  CHECK(all.said[6].substr(0, 5) == all.said[7].substr(0, 5));
}

}  // namespace shoal::testing
