#include "store/printable.hpp"

#include <catch2/catch.hpp>

namespace shoal {

TEST_CASE("UTF-8 is told from what only looks like it", "[printable]") {
  for (const char* good :
       {"", "plain", "\x7f", "\xc3\xa9", "\xe2\x82\xac", "\xed\x9f\xbf", "\xf0\x9f\x90\x9f", "\xf4\x8f\xbf\xbf"}) {
    CHECK(is_utf8(good));
  }
  for (const char* bad : {"\x80", "\xff", "\xc0\xaf", "\xc1\x81", "\xc3", "\xe2\x82", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\xc3z"}) {
    CHECK_FALSE(is_utf8(bad));
  }
}

TEST_CASE("names are printed without what a terminal would obey", "[printable]") {
  CHECK(printable("caf\xc3\xa9 1.txt") == "caf\xc3\xa9 1.txt");
  CHECK(printable("a\x1b[2J\n\x7f") == "a\\x1b[2J\\x0a\\x7f");
  CHECK(printable("\xff\xc3") == "\\xff\\xc3");
}

}  // namespace shoal
