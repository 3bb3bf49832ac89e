#include "core/rate_text.hpp"

#include <catch2/catch.hpp>
#include <utility>

namespace shoal {

TEST_CASE("rates are read as people write them", "[rate_text]") {
  const auto [text, bytes] = GENERATE(table<std::string, std::uint64_t>({{"0", 0},
                                                                         {"none", 0},
                                                                         {"0M", 0},
                                                                         {"10M", 10'000'000},
                                                                         {"10m", 10'000'000},
                                                                         {"10MB", 10'000'000},
                                                                         {"10 MB/s", 10'000'000},
                                                                         {" 10M/s ", 10'000'000},
                                                                         {"10MBps", 10'000'000},
                                                                         {"80Mbit", 10'000'000},
                                                                         {"80 Mbit/s", 10'000'000},
                                                                         {"80Mbps", 10'000'000},
                                                                         {"1.5M", 1'500'000},
                                                                         {"100K", 100'000},
                                                                         {"100k", 100'000},
                                                                         {"1MiB", 1'048'576},
                                                                         {"1Ki", 1024},
                                                                         {"1G", 1'000'000'000},
                                                                         {"1500", 1500}}));
  INFO(text);
  const auto read = parse_rate(text);
  REQUIRE(read.has_value());
  CHECK(*read == bytes);
}

TEST_CASE("what is no rate is refused with its name and the form", "[rate_text]") {
  const std::string text = GENERATE("", " ", "fast", "-1M", "+5M", "10X", "10MM", "1e9", "nan", "inf", "0x10", "10M5",
                                    "1,5M", "1..5M", "M", ".", "10Mi/b", "10Mbits/h", "80Mb", "1", "999", "5000T");
  INFO(text);
  const auto read = parse_rate(text);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == errc::usage);
  CHECK(read.error().text.find("'" + text + "'") != std::string::npos);
  CHECK(read.error().text.find("rite") != std::string::npos);
}

TEST_CASE("what is printed is read back", "[rate_text]") {
  const std::uint64_t rate = GENERATE(as<std::uint64_t>(), 0, 1000, 100'000, 12'300'000, 1'000'000'000);
  const auto read = parse_rate(rate_text(rate));
  REQUIRE(read.has_value());
  CHECK(*read == rate);
}

}  // namespace shoal
