#include "cmd/text.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace shoal;

TEST_CASE("sizes have three significant digits and never four figures") {
  CHECK(human_bytes(0) == "0 B");
  CHECK(human_bytes(999) == "999 B");
  CHECK(human_bytes(1000) == "1.00 kB");
  CHECK(human_bytes(1'234'567) == "1.23 MB");
  CHECK(human_bytes(9'996'000) == "10.0 MB");
  CHECK(human_bytes(99'960'000) == "100 MB");
  CHECK(human_bytes(999'600'000) == "1.00 GB");
  CHECK(human_bytes(std::numeric_limits<std::uint64_t>::max()) == "18.4 EB");
}

TEST_CASE("strange rates are nothing") {
  CHECK(human_rate(1.5e6) == "1.50 MB/s");
  CHECK(human_rate(-1) == "0 B/s");
  CHECK(human_rate(std::nan("")) == "0 B/s");
  CHECK(human_rate(std::numeric_limits<double>::infinity()) == "0 B/s");
}

TEST_CASE("a fraction is told in the unit of the total") {
  CHECK(human_fraction(1'200'000'000, 3'000'000'000) == "1.20/3.00 GB");
  CHECK(human_fraction(5'000'000, 30'000'000'000) == "0.01/30.0 GB");
  CHECK(human_fraction(0, 0) == "0/0 B");
}

TEST_CASE("durations") {
  CHECK(human_duration(-5) == "0 s");
  CHECK(human_duration(200) == "3 min 20 s");
  CHECK(human_duration(7509) == "2 h 05 min");
  CHECK(human_duration(100'000) == "1 d 03 h");
  CHECK(clock_duration(42) == "0:42");
  CHECK(clock_duration(7509) == "2:05:09");
  CHECK(human_count(1, "file") == "1 file");
  CHECK(human_count(0, "file") == "0 files");
}

TEST_CASE("nothing that commands a terminal is printable") {
  CHECK(displayable("a\x1b[2Jb") == "a\uFFFD[2Jb");
  CHECK(displayable("a\nb\rc\td\x7f") == "a\uFFFDb\uFFFDc\uFFFDd\uFFFD");
  CHECK(displayable("\u009b31m") == "\uFFFD31m");
  CHECK(displayable("abc\u202Egpj.exe") == "abc\uFFFDgpj.exe");
  CHECK(displayable("größe 大 👍") == "größe 大 👍");
  CHECK(displayable("\xff\xc0\xaf\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");
  CHECK(displayable("cut\xe5\xa4") == "cut\uFFFD\uFFFD");
}

TEST_CASE("width counts columns, not bytes") {
  CHECK(display_width("") == 0);
  CHECK(display_width("größe") == 5);
  CHECK(display_width("大きい") == 6);
  CHECK(display_width("e\u0301") == 1);
}

TEST_CASE("cutting respects columns and characters") {
  CHECK(cut_to_width("abcdef", 6) == "abcdef");
  CHECK(cut_to_width("abcdef", 4) == "abc…");
  CHECK(cut_to_width("abcdef", 1) == "…");
  CHECK(cut_to_width("abcdef", 0) == "");
  CHECK(cut_to_width("größer", 4) == "grö…");
  // Half of a wide character cannot be shown.
  CHECK(cut_to_width("大きい", 4) == "大…");
  CHECK(cut_to_width("大きい", 5) == "大き…");
  // A combining mark stays with its letter.
  CHECK(cut_to_width("xe\u0301yz", 3) == "xe\u0301…");
}

TEST_CASE("padding counts columns") {
  CHECK(pad_right("大", 4) == "大  ");
  CHECK(pad_left("7", 3) == "  7");
  CHECK(pad_left("1234", 3) == "1234");
}
