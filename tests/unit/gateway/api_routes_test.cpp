#include "gateway/api_routes.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

using boost::beast::http::verb;

result<api_call> call_of(verb asked, std::string_view text, std::string& allowed) {
  const auto target = parse_target(text);
  REQUIRE(target.has_value());
  return find_call(asked, *target, allowed);
}

}  // namespace

TEST_CASE("a path and a verb mean a method, and its parameters come from path and query") {
  std::string allowed;
  const auto list = call_of(verb::get, "/v1/shares?glob=a%2Bb+c*&versions=true", allowed);
  REQUIRE(list.has_value());
  CHECK(list->route->method == "list");
  CHECK(list->params == boost::json::object{{"glob", "a+b c*"}, {"versions", true}});
  CHECK_FALSE(needs_token(*list->route));
  const auto limit = call_of(verb::put, "/v1/shares/two%20words/limits", allowed);
  REQUIRE(limit.has_value());
  CHECK(limit->route->method == "limit");
  CHECK(limit->params == boost::json::object{{"what", "two words"}});
  CHECK(needs_token(*limit->route));
  CHECK(call_of(verb::post, "/v1/downloads", allowed)->params == boost::json::object{{"wait", false}});
  CHECK(needs_token(*call_of(verb::get, "/v1/dump?names=true", allowed)->route));
}

TEST_CASE("what only looks cannot change anything by its query") {
  std::string allowed;
  for (const char* text : {"/v1/limits?up=1M", "/v1/shares/x/limits?up=1M", "/v1/status?x", "/v1/shares?what=x",
                           "/v1/shares?glob=a&glob=b"}) {
    CAPTURE(text);
    const auto failed = call_of(verb::get, text, allowed);
    REQUIRE(failed.has_error());
    CHECK(failed.error().code == errc::usage);
    CHECK(allowed.empty());
  }
}

TEST_CASE("a path that is not there, and a verb that a path does not have, are told") {
  std::string allowed;
  for (const char* text :
       {"/v1/", "/v1/share", "/v1/shares/", "/v1/shares/x/y", "/v1/shares/x/limits/y", "/v2/status"}) {
    CAPTURE(text);
    const auto failed = call_of(verb::get, text, allowed);
    REQUIRE(failed.has_error());
    CHECK(failed.error().code == errc::not_found);
  }
  const auto failed = call_of(verb::delete_, "/v1/limits", allowed);
  REQUIRE(failed.has_error());
  CHECK(failed.error().code == errc::usage);
  CHECK(allowed == "GET, PUT");
}

}  // namespace shoal
