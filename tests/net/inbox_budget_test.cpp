#include "tracker/inbox_budget.hpp"

#include <catch2/catch.hpp>

namespace shoal {

TEST_CASE("unfinished messages of one origin have a bound, and those of others have room beside them") {
  inbox_budget budget;
  std::size_t held = 0;
  while (budget.change("192.0.2.1", 0, 1 * MiB)) held += 1 * MiB;
  CHECK(held == inbox_budget::bytes_per_origin_max);
  CHECK_FALSE(budget.change("192.0.2.1", 1 * MiB, 2 * MiB));
  CHECK(budget.bytes() == held);
  CHECK(budget.change("192.0.2.2", 0, 1 * MiB));
  // What was given back can be taken again.
  CHECK(budget.change("192.0.2.1", 1 * MiB, 0));
  CHECK(budget.change("192.0.2.1", 0, 1 * MiB));
}

TEST_CASE("unfinished messages of all origins together have a bound") {
  inbox_budget budget;
  std::size_t held = 0;
  for (int i = 0; budget.change(std::to_string(i), 0, 1 * MiB); ++i) held += 1 * MiB;
  CHECK(held == inbox_budget::bytes_max);
}

TEST_CASE("a short message is not counted, and is never refused") {
  inbox_budget budget;
  while (budget.change("192.0.2.1", 0, 1 * MiB)) {
  }
  CHECK(budget.change("192.0.2.1", 0, inbox_budget::bytes_free));
  CHECK(budget.bytes() == inbox_budget::bytes_per_origin_max);
}

}  // namespace shoal
