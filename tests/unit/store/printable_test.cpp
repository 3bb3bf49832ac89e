#include "store/printable.hpp"

#include <catch2/catch.hpp>

namespace shoal {

TEST_CASE("names are printed without what a terminal would obey", "[printable]") {
  CHECK(printable("caf\xc3\xa9 1.txt") == "caf\xc3\xa9 1.txt");
  CHECK(printable("a\x1b[2J\n\x7f") == "a\\x1b[2J\\x0a\\x7f");
  CHECK(printable("a\xc2\x9b") == "a\\xc2\\x9b");
  CHECK(printable("abc\u202egpj.exe") == "abc\\xe2\\x80\\xaegpj.exe");
  CHECK(printable("\xff\xc3") == "\\xff\\xc3");
}

}  // namespace shoal
