#include "directory/dial_backs.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

namespace {

using plan = dial_backs::plan;
const time_point start{std::chrono::hours(1)};
constexpr duration second = std::chrono::seconds(1);

}  // namespace

TEST_CASE("a port is dialled back once a minute, whoever joins with it", "[dial_backs]") {
  dial_backs subject;
  CHECK(subject.next("a", 1, start) == plan::dial);
  CHECK(subject.next("a", 1, start) == plan::wait);
  CHECK(subject.next("b", 1, start) == plan::dial);
  subject.on_result("a", 1, true);
  subject.on_result("b", 1, false);
  CHECK(subject.next("a", 1, start + 59 * second) == plan::reachable);
  CHECK(subject.next("b", 1, start + 59 * second) == plan::unreachable);
  CHECK(subject.next("a", 1, start + 60 * second) == plan::dial);
  CHECK(subject.next("b", 1, start + 60 * second) == plan::dial);
}

TEST_CASE("of one host only so many shut ports are dialled back in a minute", "[dial_backs]") {
  dial_backs subject;
  for (std::uint16_t port = 1; port <= 500; ++port) {
    REQUIRE(subject.next("open", port, start) == plan::dial);
    subject.on_result("open", port, true);
  }
  std::size_t dials = 0;
  for (std::uint16_t port = 1; port <= 500; ++port) {
    const plan next = subject.next("shut", port, start + second * (port / 10));
    if (next != plan::dial) continue;
    ++dials;
    subject.on_result("shut", port, false);
  }
  CHECK(dials == dial_backs::shut_ports_max);
  CHECK(subject.next("other", 1, start + second) == plan::dial);
  subject.on_result("other", 1, true);
  // Of ports that do not answer yet as many.
  for (std::uint16_t port = 1; port <= dial_backs::under_way_max; ++port) {
    REQUIRE(subject.next("slow", port, start + second) == plan::dial);
  }
  CHECK(subject.next("slow", 500, start + second) == plan::wait);
  CHECK(subject.room("slow") == 0);
  for (std::uint16_t port = 1; port <= dial_backs::under_way_max; ++port) subject.on_result("slow", port, false);
  CHECK(subject.next("slow", 500, start + second) == plan::unreachable);
  // And nothing is remembered for long.
  CHECK(subject.next("shut", 1, start + 200 * second) == plan::dial);
  CHECK(subject.size() == 1);
}

TEST_CASE("the addresses of one network of IPv6 are one origin, and each has its own ports", "[dial_backs]") {
  dial_backs subject;
  const auto host = [](std::uint16_t n) { return "2001:db8::1:" + std::to_string(n); };
  CHECK(subject.next(host(1), 7, start) == plan::dial);
  subject.on_result(host(1), 7, true);
  CHECK(subject.next(host(2), 7, start) == plan::dial);
  subject.on_result(host(2), 7, false);
  CHECK(subject.next(host(1), 7, start) == plan::reachable);
  std::size_t dials = 1;
  for (std::uint16_t n = 3; n < 500; ++n) {
    if (subject.next(host(n), 7, start) != plan::dial) continue;
    ++dials;
    subject.on_result(host(n), 7, false);
  }
  CHECK(dials == dial_backs::shut_ports_max);
  CHECK(subject.next("2001:db8:0:1::1", 7, start) == plan::dial);
}
