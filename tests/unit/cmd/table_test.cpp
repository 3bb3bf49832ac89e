#include "cmd/table.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

TEST_CASE("columns are aligned by width") {
  table listing({{"NAME"}, {"SIZE", table::align::right}, {"ID"}});
  listing.add_row({"大きい", "1.00 kB", "ab"});
  listing.add_row({"a", "7 B"});
  CHECK(listing.render() ==
        "NAME       SIZE  ID\n"
        "大きい  1.00 kB  ab\n"
        "a           7 B\n");
}

TEST_CASE("the first column gives way to a narrow terminal") {
  table listing({{"NAME"}, {"SIZE", table::align::right}});
  listing.add_row({"a very long name of a file", "1.00 kB"});
  CHECK(listing.render(20) ==
        "NAME            SIZE\n"
        "a very lon…  1.00 kB\n");
  CHECK(listing.render(5).find("a very …  1.00 kB") != std::string::npos);
}

TEST_CASE("cells are made printable") {
  table listing({{"NAME"}});
  listing.add_row({"a\x1b[31m\nb"});
  CHECK(listing.render() == "NAME\na\uFFFD[31m\uFFFDb\n");
}
