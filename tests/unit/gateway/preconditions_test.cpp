#include "gateway/preconditions.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

const http_time modified{std::chrono::seconds(784111777)};  // Sun, 06 Nov 1994 08:49:37 GMT
const validators here{"\"abc\"", modified};
const validators undated{"\"abc\"", std::nullopt};

constexpr auto same = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr auto before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr auto later = "Mon, 07 Nov 1994 08:49:37 GMT";

}  // namespace

TEST_CASE("dates of HTTP are read in three forms and written in one") {
  CHECK(http_date(modified) == same);
  CHECK(parse_http_date(same) == modified);
  CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT") == modified);
  CHECK(parse_http_date("Sun Nov  6 08:49:37 1994") == modified);
  for (const char* text : {"", "now", "1994-11-06", "Sun, 06 Nov 1994 08:49:37 GMT+1", "Sun, 06 Nov 1994 08:49:37"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_http_date(text));
  }
}

TEST_CASE("who has this version is not sent it again") {
  CHECK(evaluate({.if_none_match = "\"abc\""}, here) == precondition::not_modified);
  CHECK(evaluate({.if_none_match = "\"x\", W/\"abc\""}, here) == precondition::not_modified);
  CHECK(evaluate({.if_none_match = "*"}, here) == precondition::not_modified);
  CHECK(evaluate({.if_none_match = "\"x\""}, here) == precondition::holds);
  CHECK(evaluate({.if_none_match = "abc"}, here) == precondition::holds);
  CHECK(evaluate({.if_none_match = "\"abc"}, here) == precondition::holds);
  CHECK(evaluate({.if_modified_since = same}, here) == precondition::not_modified);
  CHECK(evaluate({.if_modified_since = before}, here) == precondition::holds);
  CHECK(evaluate({.if_modified_since = "nonsense"}, here) == precondition::holds);
  CHECK(evaluate({.if_modified_since = same}, undated) == precondition::holds);
  // The tag says more than the date.
  CHECK(evaluate({.if_none_match = "\"x\"", .if_modified_since = same}, here) == precondition::holds);
}

TEST_CASE("who wants one version is not sent another") {
  CHECK(evaluate({.if_match = "\"abc\""}, here) == precondition::holds);
  CHECK(evaluate({.if_match = "*"}, here) == precondition::holds);
  CHECK(evaluate({.if_match = "W/\"abc\""}, here) == precondition::failed);
  CHECK(evaluate({.if_match = "\"x\""}, here) == precondition::failed);
  CHECK(evaluate({.if_unmodified_since = before}, here) == precondition::failed);
  CHECK(evaluate({.if_unmodified_since = later}, here) == precondition::holds);
  CHECK(evaluate({.if_match = "\"abc\"", .if_unmodified_since = before}, here) == precondition::holds);
}

TEST_CASE("a part is sent of the same version only") {
  CHECK(range_counts("", here));
  CHECK(range_counts("\"abc\"", here));
  CHECK_FALSE(range_counts("W/\"abc\"", here));
  CHECK_FALSE(range_counts("\"x\"", here));
  CHECK(range_counts(same, here));
  CHECK_FALSE(range_counts(later, here));
  CHECK_FALSE(range_counts(same, undated));
}

}  // namespace shoal
