#include "tracker/frame_budget.hpp"

#include <catch2/catch.hpp>

namespace shoal {

TEST_CASE("free messages of one origin have a bound, and those of others have room beside them") {
  frame_budget budget(std::chrono::seconds(10));
  const time_point now{std::chrono::hours(1)};
  budget.on_session("192.0.2.1", now);
  budget.on_session("192.0.2.1", now);
  budget.on_session("192.0.2.2", now);
  int taken = 0;
  while (budget.take_free_message("192.0.2.1", 100, now)) ++taken;
  CHECK(taken == static_cast<int>(tracking_prices::free_of_origin.messages));
  CHECK(budget.take_free_message("192.0.2.2", 100, now));
  CHECK(budget.take_free_message("192.0.2.1", 100, now + std::chrono::seconds(1)));
}

TEST_CASE("who leaves and comes back does not get free messages anew") {
  frame_budget budget(std::chrono::seconds(10));
  const time_point now{std::chrono::hours(1)};
  budget.on_session("192.0.2.1", now);
  while (budget.take_free_message("192.0.2.1", 100, now)) {
  }
  budget.on_session_end("192.0.2.1", now);
  budget.on_session("192.0.2.1", now);
  CHECK_FALSE(budget.take_free_message("192.0.2.1", 100, now));
  // An origin is forgotten when it is like a new one.
  budget.on_session_end("192.0.2.1", now);
  const time_point later = now + std::chrono::hours(1);
  budget.on_session("192.0.2.2", later);
  CHECK(budget.size() == 1);
}

}  // namespace shoal
