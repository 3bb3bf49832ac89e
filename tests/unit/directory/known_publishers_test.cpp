#include "directory/known_publishers.hpp"

#include <catch2/catch.hpp>

#include "unit/directory/signed_rows.hpp"

namespace shoal {
namespace {

using namespace testing;

publisher_key key(std::uint8_t n) {
  publisher_key made;
  made.bytes.fill(n);
  return made;
}

TEST_CASE("the newest version of each publisher is known", "[known_publishers]") {
  known_publishers known;
  CHECK(known.of("x").empty());
  CHECK(known.on_seen("x", {key(1), share_number(1), 10}));
  CHECK_FALSE(known.on_seen("x", {key(1), share_number(1), 10}));
  CHECK_FALSE(known.on_seen("x", {key(1), share_number(2), 9}));
  CHECK(known.on_seen("x", {key(1), share_number(3), 11}));
  CHECK(known.on_seen("x", {key(2), share_number(4), 1}));
  CHECK(known.of("x").size() == 2);
  REQUIRE(known.find("x", key(1)) != nullptr);
  CHECK(known.find("x", key(1))->id == share_number(3));
  CHECK(known.find("y", key(1)) == nullptr);
}

TEST_CASE("a name has not more publishers than are worth remembering", "[known_publishers]") {
  known_publishers known;
  for (std::uint8_t n = 1; n <= 100; ++n) (void)known.on_seen("x", {key(n), share_number(n), 1});
  CHECK(known.of("x").size() == known_publishers::publishers_max);
  CHECK(known.on_seen("x", {key(1), share_number(1), 2}));
}

}  // namespace
}  // namespace shoal
