#include "net/own_addresses.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace shoal;

TEST_CASE("this machine has addresses that others can use", "[own_addresses]") {
  const auto found = own_addresses();
  REQUIRE_FALSE(found.empty());
  const bool outside = std::ranges::none_of(found, [](const auto& one) { return one.is_loopback(); });
  const bool inside = std::ranges::all_of(found, [](const auto& one) { return one.is_loopback(); });
  CHECK((outside || inside));
  for (const auto& one : found) {
    CHECK_FALSE(one.is_unspecified());
    CHECK_FALSE((one.is_v6() && one.to_v6().is_link_local()));
  }
}
