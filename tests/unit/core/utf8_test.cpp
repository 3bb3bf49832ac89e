#include "core/utf8.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace shoal;

TEST_CASE("a character is taken off the front") {
  const auto character = first_character("€x");
  REQUIRE(character);
  CHECK(character->code == U'€');
  CHECK(character->bytes == 3);
  CHECK(first_character(std::string_view("\0", 1))->bytes == 1);
  CHECK_FALSE(first_character(""));
}

TEST_CASE("the bounds of well-formed UTF-8") {
  for (const char* good : {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "größe 大"}) {
    INFO(good);
    CHECK(is_utf8(good));
  }
  for (const char* bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc0\xaf", "\xf0\x80\x80\x80", "\xc1\xbf", "\xc2", "\xc2x", "\xe0\x9f\xbf",
        "\xe2\x82", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xff"}) {
    INFO(bad);
    CHECK_FALSE(is_utf8(bad));
    CHECK_FALSE(is_utf8("x" + std::string(bad) + "y"));
  }
}

TEST_CASE("columns on a terminal") {
  CHECK(columns_of(U'a') == 1);
  CHECK(columns_of(U'é') == 1);
  CHECK(columns_of(U'大') == 2);
  CHECK(columns_of(U'ﾊ') == 1);
  CHECK(columns_of(0x301) == 0);
  CHECK(columns_of(0x1F600) == 2);
}

TEST_CASE("control characters") {
  CHECK(is_control(U'\n'));
  CHECK(is_control(0x7F));
  CHECK(is_control(0x9B));
  CHECK_FALSE(is_control(0xA0));
}

TEST_CASE("harmful characters") {
  for (const char32_t code : {0x1Bu, 0x9Bu, 0x61Cu, 0x200Fu, 0x202Eu, 0x2066u, 0x2028u}) CHECK(is_harmful(code));
  for (const char32_t code : {0x20u, 0xE9u, 0x5D0u, 0x200Du}) CHECK_FALSE(is_harmful(code));
}
