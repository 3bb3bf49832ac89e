#include "peer/share/interest.hpp"

#include <catch2/catch.hpp>

namespace shoal::testing {

TEST_CASE("a download outlasts one who leaves if somebody else still waits") {
  interest wanted;
  bool still = true;
  CHECK_FALSE(wanted.outlasts_one());
  const auto first = wanted.on_wait([] { return true; });
  CHECK_FALSE(wanted.outlasts_one());
  const auto second = wanted.on_wait([&still] { return still; });
  CHECK(wanted.outlasts_one());
  SECTION("the other is gone, and has not said so yet") {
    still = false;
    CHECK_FALSE(wanted.outlasts_one());
  }
  SECTION("the other left") {
    wanted.on_leave(second);
    CHECK_FALSE(wanted.outlasts_one());
  }
  SECTION("it was begun in the background") {
    wanted.on_leave(first);
    wanted.on_leave(second);
    wanted.on_background();
    CHECK(wanted.outlasts_one());
  }
}

}  // namespace shoal::testing
