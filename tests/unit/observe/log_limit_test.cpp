#include "observe/log_limit.hpp"

#include <catch2/catch.hpp>

namespace shoal {

TEST_CASE("so many lines pass in a minute, and the next one says how many did not", "[log_limit]") {
  log_limit limit(2);
  const time_point begin{};
  CHECK(limit.pass(begin));
  CHECK(limit.pass(begin));
  for (int i = 0; i < 1000; ++i) CHECK_FALSE(limit.pass(begin + std::chrono::seconds(59)));
  CHECK(limit.pass(begin + std::chrono::seconds(60)));
  CHECK(limit.take_left_out() == 1000);
  CHECK(limit.take_left_out() == 0);
}

}  // namespace shoal
