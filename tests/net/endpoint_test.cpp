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
    // What is printed is understood again.
    const auto again = parse_host_port(to_text(*parsed));
    REQUIRE(again.has_value());
    CHECK(again->host == host);
    CHECK(again->port == port);
  };
  check("tracker.example:7000", "tracker.example", 7000);
  check("192.0.2.1:1", "192.0.2.1", 1);
  check("[2001:db8::1]:65535", "2001:db8::1", 65535);
  for (const char* text : {" host:80 ", "http://host:80", "HTTP://host:80/", "ws://host:80/live", "tcp://host:80",
                           "host:80/", "host:80/live/"}) {
    check(text, "host", 80);
  }
  check("http://[::1]:80/", "::1", 80);
  for (const char* text : {"host", "host/", "http://host", "ws://host/live"}) check(text, "host", 7000, 7000);
  for (const char* text : {"[::1]", "::1", "http://[::1]/"}) check(text, "::1", 7000, 7000);
  check("fe80::1%lo", "fe80::1%lo", 7000, 7000);
}

TEST_CASE("what is no host and port is refused with the form", "[endpoint]") {
  const auto fallback = GENERATE(std::uint16_t{0}, tracker_port_default);
  for (const char* text : {"",
                           ":",
                           " ",
                           "host:",
                           "host:x",
                           "host:65536",
                           "host:-1",
                           "host: 1",
                           "host:0",
                           "[::1",
                           "[]:1",
                           "[::1]80",
                           ":80",
                           "80",
                           "[host]:80",
                           "host:80:80",
                           "a b:80",
                           "host:80/announce",
                           "host:80?x",
                           "me@host:80",
                           "udp://host:80",
                           "https://host:80",
                           "wss://host:80/live",
                           "http://",
                           "http:///",
                           "*:80",
                           "host,other:80"}) {
    CAPTURE(text);
    const auto parsed = parse_host_port(text, fallback);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == errc::usage);
    CHECK(parsed.error().text.find("'" + std::string(text) + "'") != std::string::npos);
    CHECK(parsed.error().text.find("HOST:PORT") != std::string::npos);
  }
  for (const char* text : {"host", "::1", "[::1]", "::1:80", "http://host/"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_host_port(text).has_value());
  }
}

TEST_CASE("an IPv6 address with a port and without brackets is refused with both readings", "[endpoint]") {
  const auto refusal = [](const char* text) {
    CAPTURE(text);
    const auto host = parse_host_port(text, tracker_port_default);
    const auto listen = parse_listen_endpoint(text, tracker_port_default);
    REQUIRE_FALSE(host.has_value());
    REQUIRE_FALSE(listen.has_value());
    CHECK_FALSE(parse_host_port(text).has_value());
    CHECK(host.error().code == errc::usage);
    CHECK(listen.error().text == host.error().text);
    return host.error().text;
  };
  CHECK(refusal("::1:0") ==
        "'::1:0' can be read in two ways: write [::1]:0 if 0 is the port, or [::1:0] if it is part of the address");
  CHECK(refusal("2001:db8::1:7000").find("write [2001:db8::1]:7000 ") != std::string::npos);
  CHECK(refusal(":::80").find("write [::]:80 ") != std::string::npos);
  // No group of an address has five digits.
  CHECK(refusal("::1:65535").find("write [::1]:65535 if 65535 is the port") != std::string::npos);
  CHECK(refusal("http://::1:80/").find("write [::1]:80 ") != std::string::npos);
  CHECK(refusal("1:2:3:4:5:6:7:8:9").find("write [1:2:3:4:5:6:7:8]:9 ") != std::string::npos);
  for (const char* text : {"::1", "::", "2001:db8::1", "1:2:3:4:5:6:7:8", "2001:db8::1:ffff"}) {
    CAPTURE(text);
    CHECK(parse_host_port(text, 7000).value().host == text);
    CHECK(parse_listen_endpoint(text, 7000).value().port() == 7000);
  }
}

TEST_CASE("endpoints to listen on are numeric", "[endpoint]") {
  const auto any = [](std::uint16_t port) { return tcp::endpoint(asio::ip::address_v6::any(), port); };
  const auto loopback = [](std::uint16_t port) { return tcp::endpoint(asio::ip::address_v4::loopback(), port); };
  CHECK(parse_listen_endpoint("127.0.0.1:0").value() == loopback(0));
  CHECK(parse_listen_endpoint("http://127.0.0.1:80/").value() == loopback(80));
  CHECK(parse_listen_endpoint("localhost:80").value() == loopback(80));
  CHECK(parse_listen_endpoint("127.0.0.1").value() == loopback(0));
  CHECK(parse_listen_endpoint("127.0.0.1", 7000).value() == loopback(7000));
  for (const char* text : {":80", "*:80", "80", "[::]:80"}) CHECK(parse_listen_endpoint(text).value() == any(80));
  for (const char* text : {"*", "::", "[::]"}) CHECK(parse_listen_endpoint(text, 7000).value() == any(7000));
  CHECK(parse_listen_endpoint("::1", 7000).value() == tcp::endpoint(asio::ip::address_v6::loopback(), 7000));
  for (const char* text : {"", ":", "host.example:1", "127.0.0.1:99999", "99999", ":99999", "*80", "127.0.0.1:", "[::1",
                           "udp://127.0.0.1:80", "127.0.0.1:80/announce", "-1"}) {
    CAPTURE(text);
    const auto parsed = parse_listen_endpoint(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == errc::usage);
    CHECK(parsed.error().text.find("ADDRESS:PORT") != std::string::npos);
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
