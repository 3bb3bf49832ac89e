#include "net/endpoint.hpp"

#include <catch2/catch.hpp>

#include "tests/net/world.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

awaitable<void> look_up(host_port where, result<std::vector<tcp::endpoint>>& outcome) {
  outcome = co_await resolve(std::move(where), patience);
}

}  // namespace

TEST_CASE("host and port as people write them", "[endpoint]") {
  const auto check = [](const char* text, const char* host, std::uint16_t port, std::uint16_t fallback = 0) {
    CAPTURE(text);
    const auto parsed = parse_host_port(text, fallback);
    REQUIRE(parsed.has_value());
    CHECK(parsed->host == host);
    CHECK(parsed->port == port);
  };
  check("tracker.example:7000", "tracker.example", 7000);
  check("192.0.2.1:1", "192.0.2.1", 1);
  check("[2001:db8::1]:65535", "2001:db8::1", 65535);
  check("host", "host", 7000, 7000);
  check("[::1]", "::1", 7000, 7000);
  for (const char* text : {"", ":", "host", "host:", "host:x", "host:65536", "host:-1", "host: 1", "::1", "::1:80",
                           "[::1", "[]:1", "[::1]80", ":80"}) {
    CAPTURE(text);
    const auto parsed = parse_host_port(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == errc::usage);
    CHECK(parsed.error().text.find("'" + std::string(text) + "'") != std::string::npos);
  }
  CHECK_FALSE(parse_host_port("host:", 7000).has_value());
}

TEST_CASE("endpoints to listen on are numeric", "[endpoint]") {
  CHECK(parse_listen_endpoint("127.0.0.1:0").value() == tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  CHECK(parse_listen_endpoint(":7000").value() == tcp::endpoint(asio::ip::address_v6::any(), 7000));
  CHECK(parse_listen_endpoint("[::]:7000").value() == tcp::endpoint(asio::ip::address_v6::any(), 7000));
  for (const char* text : {"", ":", "localhost:1", "127.0.0.1", "127.0.0.1:99999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_listen_endpoint(text).has_value());
  }
}

TEST_CASE("mapped addresses are printed as IPv4", "[endpoint]") {
  const auto print = [](const char* address) { return to_text({asio::ip::make_address(address), 80}); };
  CHECK(print("::ffff:192.0.2.1") == "192.0.2.1:80");
  CHECK(print("192.0.2.1") == "192.0.2.1:80");
  CHECK(print("2001:db8::1") == "[2001:db8::1]:80");
}

TEST_CASE("numeric addresses need no lookup", "[endpoint]") {
  world w;
  result<std::vector<tcp::endpoint>> outcome = error{};
  REQUIRE(w.finish(look_up(host_port{"::1", 80}, outcome)));
  REQUIRE(outcome.has_value());
  CHECK(*outcome == std::vector{tcp::endpoint(asio::ip::address_v6::loopback(), 80)});
}
