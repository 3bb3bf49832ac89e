#include "gateway/request_target.hpp"

#include <catch2/catch.hpp>

namespace shoal {

TEST_CASE("a URL is taken apart and decoded") {
  const auto plain = parse_target("/s/abc/a%20b/%C3%A9?download&x=1#there");
  REQUIRE(plain.has_value());
  CHECK(plain->path == "/s/abc/a b/\xC3\xA9");
  CHECK(plain->query == "download&x=1");
  CHECK(parse_target("http://host:7000/s/x")->path == "/s/x");
  CHECK(parse_target("https://host")->path == "/");
  CHECK(parse_target("/a%2Fb")->path == "/a/b");
}

TEST_CASE("what is no URL is refused with the reason") {
  for (const char* text : {"", "s/abc", "*", "/a%", "/a%4", "/a%zz", "/a%00b", "/a%ffb", "/%C3", "ftp://host/"}) {
    CAPTURE(text);
    const auto failed = parse_target(text);
    REQUIRE(failed.has_error());
    CHECK(failed.error().code == errc::malformed);
  }
}

TEST_CASE("content is named by its share and its path in it") {
  const auto named = [](const char* text) { return content_of(*parse_target(text)); };
  CHECK_FALSE(named("/"));
  CHECK_FALSE(named("/status"));
  CHECK(named("/s/abc")->share == "abc");
  CHECK_FALSE(named("/s/abc")->folder);
  CHECK(named("/s/abc/")->folder);
  CHECK(named("/s/abc/")->path.empty());
  CHECK(named("/s/abc/a/b")->path == "a/b");
  CHECK(named("/s/abc/a/b/")->path == "a/b");
  CHECK(named("/s/abc/a/b/")->folder);
}

TEST_CASE("a query has values by key") {
  CHECK(query_value("a=1&b&c=", "a") == "1");
  CHECK(query_value("a=1&b&c=", "b") == "");
  CHECK(query_value("a=1&b&c=", "c") == "");
  CHECK_FALSE(query_value("a=1&b&c=", "d"));
  CHECK_FALSE(query_value("", ""));
}

TEST_CASE("a path that is escaped is decoded to itself") {
  std::string path = "/";
  for (int i = 1; i < 128; ++i) path += static_cast<char>(i);
  path += "\xC3\xA9\xE2\x82\xAC";
  CHECK(parse_target(escaped_path(path))->path == path);
  CHECK(escaped_path("a b/c") == "a%20b/c");
}

}  // namespace shoal
