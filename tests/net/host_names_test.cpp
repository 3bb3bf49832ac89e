#include "net/host_names.hpp"

#include <catch2/catch.hpp>

#include "core/lower_case.hpp"

using namespace shoal;

TEST_CASE("a node answers a browser under addresses and known names alone", "[host_names]") {
  const std::vector<std::string> names{"box", "box.local"};
  for (const char* host : {"localhost", "localhost:7001", "192.0.2.7", "192.0.2.7:80", "[2001:db8::1]:7001", "[::1]",
                           "BOX:7001", "box.local"}) {
    CAPTURE(host);
    CHECK(is_known_host(host, names));
  }
  for (const char* host : {"", ":7000", "evil.example", "evil.example:7001", "box.evil.example",
                           "localhost.evil.example", "[", "[]", "127.0.0.1.evil.example"}) {
    CAPTURE(host);
    CHECK_FALSE(is_known_host(host, names));
  }
}

TEST_CASE("a page is of this node if its origin has the host and port of the request", "[host_names]") {
  CHECK(is_same_origin("http://192.0.2.7:7000", "192.0.2.7:7000"));
  CHECK(is_same_origin("https://Box", "box"));
  CHECK(is_same_origin("HTTP://[2001:DB8::1]:7000", "[2001:db8::1]:7000"));
  for (const char* origin :
       {"", "null", "http://", "http://192.0.2.7", "http://192.0.2.7:70001", "http://192.0.2.8:7000",
        "http://192.0.2.7:7000.evil.example", "http://evil.example/192.0.2.7:7000", "192.0.2.7:7000",
        "ftp://192.0.2.7:7000", "http://x@192.0.2.7:7000", "http://192.0.2.7:7000/",
        "http://192.0.2.7:7000 http://192.0.2.7:7000"}) {
    CAPTURE(origin);
    CHECK_FALSE(is_same_origin(origin, "192.0.2.7:7000"));
  }
  CHECK_FALSE(is_same_origin("http://", ""));
}

TEST_CASE("the names of this machine are in lower case", "[host_names]") {
  for (const std::string& name : own_host_names()) {
    CAPTURE(name);
    CHECK(name == lower_case(name));
    CHECK_FALSE(name.empty());
  }
}
