#include "gateway/event_log.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

std::optional<std::string> text_after(const event_log& log, std::uint64_t number) {
  const auto events = log.events_after(number, events_bytes_max);
  if (!events) return std::nullopt;
  CHECK(events->last == log.last());
  return events->text;
}

}  // namespace

TEST_CASE("who comes back gets what it missed") {
  event_log log("run");
  CHECK(text_after(log, 0) == "");
  log.add("share", "{\"a\":1}");
  log.add("peer", "{}");
  CHECK(log.last() == 2);
  CHECK(text_after(log, 0) == "id: run-1\nevent: share\ndata: {\"a\":1}\n\nid: run-2\nevent: peer\ndata: {}\n\n");
  CHECK(text_after(log, 1) == "id: run-2\nevent: peer\ndata: {}\n\n");
  CHECK(text_after(log, 2) == "");
  CHECK_FALSE(text_after(log, 3));
}

TEST_CASE("a slow client gets its events in parts") {
  event_log log("run");
  for (int i = 0; i < 10; ++i) log.add("peer", "{}");
  const auto first = log.events_after(0, 1);
  REQUIRE(first);
  CHECK(first->last == 1);
  const auto some = log.events_after(first->last, 100);
  REQUIRE(some);
  CHECK(some->last > 2);
  CHECK(some->last < 10);
}

TEST_CASE("an id of another run is none") {
  const event_log log("run");
  CHECK(log.number_of("run-17") == 17);
  for (const char* id : {"", "run", "run-", "run-x", "run-1x", "ran-1", "run--1", "17"}) {
    CAPTURE(id);
    CHECK_FALSE(log.number_of(id));
  }
}

TEST_CASE("old events are forgotten, and who lacks them is told to begin again") {
  event_log log("run");
  const std::string large(100'000, 'x');
  for (int i = 0; i < 30; ++i) log.add("share", large);
  CHECK_FALSE(text_after(log, 0));
  CHECK_FALSE(text_after(log, 5));
  REQUIRE(text_after(log, 29));
  CHECK(text_after(log, 29)->size() > large.size());
  CHECK(text_after(log, 20)->size() <= events_bytes_max);
  log.clear();
  CHECK_FALSE(text_after(log, 30));
  CHECK(text_after(log, log.last()) == "");
  CHECK(log.reset() == "id: run-31\nevent: reset\ndata: {}\n\n");
  log.add("peer", "{}");
  CHECK(text_after(log, 31) == "id: run-32\nevent: peer\ndata: {}\n\n");
}

}  // namespace shoal
