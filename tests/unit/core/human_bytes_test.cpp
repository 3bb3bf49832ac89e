#include "core/human_bytes.hpp"

#include <catch2/catch.hpp>

#include "show_result.hpp"

using namespace shoal;

TEST_CASE("sizes are read as people write them", "[human_bytes]") {
  CHECK(*parse_bytes("0") == 0);
  CHECK(*parse_bytes("1500") == 1500);
  CHECK(*parse_bytes("20G") == 20'000'000'000);
  CHECK(*parse_bytes("20 GB") == 20'000'000'000);
  CHECK(*parse_bytes("1.5k") == 1500);
  CHECK(*parse_bytes("1GiB") == 1'073'741'824);
  CHECK(*parse_bytes("2Mi") == 2'097'152);
}

TEST_CASE("what is no size is refused and named", "[human_bytes]") {
  for (const char* text : {"", "G", "-1", "inf", "nan", "20Gbit", "20G/s", "20GG", "1e400", "99999999T"}) {
    const auto read = parse_bytes(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == errc::usage);
    CHECK(read.error().text.find(text) != std::string::npos);
  }
}
