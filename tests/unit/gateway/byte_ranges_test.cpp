#include "gateway/byte_ranges.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

using spans = std::vector<byte_span>;

constexpr std::uint64_t size = 1000;

}  // namespace

TEST_CASE("ranges mean the bytes that RFC 9110 says") {
  CHECK(requested_ranges("bytes=0-499", size) == spans{{0, 500}});
  CHECK(requested_ranges("bytes=500-999", size) == spans{{500, 500}});
  CHECK(requested_ranges("bytes=500-", size) == spans{{500, 500}});
  CHECK(requested_ranges("bytes=-300", size) == spans{{700, 300}});
  CHECK(requested_ranges("bytes=0-0,-1", size) == spans{{0, 1}, {999, 1}});
  CHECK(requested_ranges("bytes=600-699, 100-199", size) == spans{{600, 100}, {100, 100}});
  CHECK(requested_ranges(" Bytes = 0-0 ,, 5-5,", size) == spans{{0, 1}, {5, 1}});
}

TEST_CASE("ranges are cut to what there is") {
  CHECK(requested_ranges("bytes=900-2000", size) == spans{{900, 100}});
  CHECK(requested_ranges("bytes=-5000", size) == spans{{0, 1000}});
  CHECK(requested_ranges("bytes=0-99999999999999999999999", size) == spans{{0, 1000}});
  CHECK(requested_ranges("bytes=0-0,1000-", size) == spans{{0, 1}});
}

TEST_CASE("ranges outside of it are none") {
  CHECK(requested_ranges("bytes=1000-", size) == spans{});
  CHECK(requested_ranges("bytes=99999999999999999999999-", size) == spans{});
  CHECK(requested_ranges("bytes=-0", size) == spans{});
  CHECK(requested_ranges("bytes=0-", 0) == spans{});
  CHECK(requested_ranges("bytes=-5", 0) == spans{});
}

TEST_CASE("what is no set of ranges, or asks for too much, means the whole") {
  for (const char* header :
       {"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=+5-9", "bytes=5", "bytes=0x5-9",
        "bytes=5-9-", "bytes=1 - 2", "items=0-5", "bytes 0-5", "bytes=0-5,x"}) {
    CAPTURE(header);
    CHECK_FALSE(requested_ranges(header, size));
  }
  CHECK_FALSE(requested_ranges("bytes=0-10,10-20", size));
  std::string many = "bytes=0-0";
  for (std::size_t i = 1; i < ranges_max; ++i) many += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  REQUIRE(requested_ranges(many, size));
  CHECK(requested_ranges(many, size)->size() == ranges_max);
  CHECK_FALSE(requested_ranges(many + ",900-900", size));
}

TEST_CASE("what is sent is named with the size of the whole") {
  CHECK(content_range({0, 500}, 1234) == "bytes 0-499/1234");
  CHECK(content_range(1234) == "bytes */1234");
}

}  // namespace shoal
