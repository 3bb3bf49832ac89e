#include "core/descriptor_budget.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

TEST_CASE("all kinds together stay below the limit", "[descriptor_budget]") {
  const std::uint64_t limit = GENERATE(as<std::uint64_t>{}, 256, 1024, 4096, 6208, 65536, 1 << 30);
  CAPTURE(limit);
  const auto budget = budget_of(limit);
  // Silent connections are as many as greetings (net/listener).
  const auto all =
      4 * budget.sessions + budget.files + budget.dials + 2 * budget.greetings + budget.control + budget.http;
  CHECK(all < limit);
  CHECK(budget.sessions >= 4);
}

TEST_CASE("a usual limit gives each kind what it needs", "[descriptor_budget]") {
  CHECK(budget_of(6208).sessions == 1024);
  CHECK(budget_of(6208).files == 512);
}
