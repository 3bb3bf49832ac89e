#include "peer/library/followed_paths.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace shoal::testing {

namespace {

constexpr time_point begin{std::chrono::hours(1)};
constexpr duration quiet = followed_paths::quiet_min;
const std::string path = "/data/set";

std::vector<file_signature> version(std::uint64_t n) {
  return {{n, static_cast<std::int64_t>(n), static_cast<std::int64_t>(n)}};
}

followed_paths::look look_of(std::uint64_t n) {
  followed_paths::look seen;
  seen.signatures = version(n);
  return seen;
}

/// Version 1 is shared.
followed_paths followed() {
  stored_share row;
  row.path = path;
  row.symlinks = true;
  row.signatures = version(1);
  row.follow = true;
  followed_paths paths;
  paths.on_shared(row);
  return paths;
}

}  // namespace

TEST_CASE("a new version is shared when nothing has changed it for a while") {
  auto paths = followed();
  CHECK(paths.next_look(path) == std::optional(true));
  CHECK_FALSE(paths.on_look(path, look_of(1), begin));
  CHECK(paths.unsettled().empty());
  CHECK_FALSE(paths.on_look(path, look_of(2), begin));
  CHECK(paths.unsettled() == std::vector{path});
  SECTION("it stays") {
    CHECK_FALSE(paths.on_look(path, look_of(2), begin + quiet - duration(1)));
    CHECK(paths.on_look(path, look_of(2), begin + quiet));
    // Once, until it is shared.
    CHECK(paths.unsettled().empty());
    CHECK_FALSE(paths.next_look(path));
    CHECK_FALSE(paths.on_look(path, look_of(2), begin + 2 * quiet));
    paths.on_added(path);
    CHECK(paths.next_look(path));
  }
  SECTION("it changes again") {
    CHECK_FALSE(paths.on_look(path, look_of(3), begin + quiet));
    CHECK(paths.on_look(path, look_of(3), begin + 2 * quiet));
  }
  SECTION("it is as it was before") {
    CHECK_FALSE(paths.on_look(path, look_of(1), begin + quiet));
    CHECK(paths.unsettled().empty());
  }
  SECTION("it is not followed any more") {
    stored_share row;
    row.path = path;
    paths.on_shared(row);
    CHECK_FALSE(paths.contains(path));
    CHECK_FALSE(paths.on_look(path, look_of(2), begin + quiet));
  }
}

TEST_CASE("a version that the kernel saw unchanged for a while is shared at the first look") {
  auto paths = followed();
  auto seen = look_of(2);
  seen.unchanged_for = quiet;
  CHECK(paths.on_look(path, std::move(seen), begin));
}

TEST_CASE("other names and symlinks are a new version") {
  auto paths = followed();
  auto seen = look_of(1);
  seen.other_names = true;
  CHECK_FALSE(paths.on_look(path, seen, begin));
  REQUIRE(paths.on_look(path, seen, begin + quiet));
  SECTION("it is shared") {
    paths.on_added(path);
    CHECK_FALSE(paths.on_look(path, look_of(1), begin + 2 * quiet));
    CHECK(paths.unsettled().empty());
  }
  SECTION("it cannot be shared") {
    paths.on_failed(path, {errc::malformed, "a name that is none"});
    CHECK_FALSE(paths.on_look(path, seen, begin + 2 * quiet));
    CHECK_FALSE(paths.on_look(path, seen, begin + 4 * quiet));
  }
}

TEST_CASE("what could not be shared is not tried again before it changes") {
  auto paths = followed();
  CHECK_FALSE(paths.on_look(path, look_of(2), begin));
  REQUIRE(paths.on_look(path, look_of(2), begin + quiet));
  paths.on_failed(path, {errc::malformed, "a name that is none"});
  CHECK_FALSE(paths.on_look(path, look_of(2), begin + 2 * quiet));
  CHECK_FALSE(paths.on_look(path, look_of(2), begin + 4 * quiet));
  CHECK(paths.why_missing(path, {errc::conflict, "changed"}).text == "a name that is none");
  CHECK_FALSE(paths.on_look(path, look_of(3), begin + 5 * quiet));
  CHECK(paths.on_look(path, look_of(3), begin + 6 * quiet));
}

TEST_CASE("content that is missing is shared again when it is back, and not when it rotted") {
  auto paths = followed();
  auto seen = look_of(1);
  seen.missing = true;
  SECTION("it was away") {
    CHECK_FALSE(paths.on_look(path, seen, begin));
    CHECK(paths.on_look(path, seen, begin + quiet));
  }
  SECTION("it is damaged and looks as it did") {
    seen.damaged = true;
    CHECK_FALSE(paths.on_look(path, seen, begin));
    CHECK_FALSE(paths.on_look(path, seen, begin + quiet));
  }
  SECTION("it was found damaged by an earlier run, which took its signatures") {
    paths.on_touched(path, {});
    seen.damaged = true;
    CHECK_FALSE(paths.on_look(path, seen, begin));
    CHECK_FALSE(paths.on_look(path, seen, begin + quiet));
  }
}

TEST_CASE("of what is followed people are told that nobody needs to add it anew") {
  const auto paths = followed();
  const error changed{errc::conflict, "it changed: add it anew"};
  CHECK(paths.why_missing(path, changed).text.find("by itself") != std::string::npos);
  CHECK(paths.why_missing("/other", changed).text == changed.text);
  CHECK(paths.why_missing(path, {errc::not_found, "it is gone"}).text == "it is gone");
}

}  // namespace shoal::testing
