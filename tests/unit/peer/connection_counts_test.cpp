#include "peer/session/connection_counts.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <list>

namespace shoal::testing {

namespace {

using namespace std::chrono_literals;

const time_point start{1h};

address_group origin(std::uint8_t number) {
  const std::array<std::uint8_t, 4> bytes{192, 0, 2, number};
  return address_group::of_v4(bytes);
}

descriptor_budget budget(std::size_t sessions, std::size_t dials) {
  descriptor_budget parts;
  parts.sessions = sessions;
  parts.dials = dials;
  return parts;
}

struct test_session final : place_holder {
  std::optional<time_point> last_use() const override { return used; }
  void give_way() override { gone = true; }
  std::optional<time_point> used;
  bool gone = false;
};

}  // namespace

TEST_CASE("a dial needs room for itself and for the session that it leads to") {
  connection_counts counts(budget(2, 1));
  CHECK(counts.may_dial());
  counts.on_dial();
  CHECK(counts.dials() == 1);
  CHECK_FALSE(counts.may_dial());
  counts.on_dial_end();
  counts.on_session();
  CHECK(counts.may_dial());
  test_session caller;
  const auto place = counts.on_called(origin(1), caller, start);
  CHECK_FALSE(counts.may_begin_session());
  CHECK_FALSE(counts.may_dial());
  counts.on_session_end(place);
  CHECK(counts.may_dial());
}

TEST_CASE("a download that ends keeps the room of its session") {
  connection_counts counts(budget(1, 1));
  counts.on_session();
  counts.on_finish();
  counts.on_session_end(std::nullopt);
  CHECK_FALSE(counts.may_begin_session());
  CHECK_FALSE(counts.may_dial());
  counts.on_finish_end();
  CHECK(counts.may_dial());
}

TEST_CASE("of one origin with its part of the sessions the least useful makes room") {
  connection_counts counts(budget(10000, 1));
  std::list<test_session> sessions;
  for (std::size_t i = 0; i < connection_counts::sessions_per_origin_max; ++i) {
    REQUIRE(counts.make_room(origin(1), start));
    counts.on_called(origin(1), sessions.emplace_back(), start + i * 1ms);
  }
  sessions.front().used = start + 1s;
  CHECK(counts.make_room(origin(2), start + 1s));
  // Those who came last may be the next to be served.
  CHECK_FALSE(counts.make_room(origin(1), start + 1s));
  CHECK(counts.make_room(origin(1), start + 1ms + connection_counts::grace));
  CHECK_FALSE(sessions.front().gone);
  CHECK(std::next(sessions.begin())->gone);
}

TEST_CASE("sessions that are in use do not give way") {
  connection_counts counts(budget(10000, 1));
  std::list<test_session> sessions;
  for (std::size_t i = 0; i < connection_counts::sessions_per_origin_max; ++i) {
    counts.on_called(origin(1), sessions.emplace_back(), start);
    sessions.back().used = start;
  }
  CHECK_FALSE(counts.make_room(origin(1), start + 1s));
  CHECK(counts.make_room(origin(1), start + connection_counts::busy + 1s));
}

TEST_CASE("a session that was of use once and then only lives gives way to a newcomer") {
  connection_counts counts(budget(2, 1));
  std::list<test_session> sessions;
  counts.on_called(origin(1), sessions.emplace_back(), start);
  sessions.front().used = start + 1s;
  counts.on_called(origin(2), sessions.emplace_back(), start + 2min);
  CHECK(counts.make_room(origin(3), start + 2min + 1s));
  CHECK(sessions.front().gone);
  CHECK_FALSE(sessions.back().gone);
}

TEST_CASE("an origin that keeps all its sessions busy leaves others their part") {
  connection_counts counts(budget(20, 1));
  std::list<test_session> sessions;
  for (std::size_t i = 0; i < 20; ++i) {
    counts.on_called(origin(i % 2 == 0 ? 1 : 2), sessions.emplace_back(), start);
    sessions.back().used = start;
  }
  CHECK_FALSE(counts.make_room(origin(1), start + 1s));
  std::list<test_session> others;
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(counts.make_room(origin(3), start + 1s));
    counts.on_called(origin(3), others.emplace_back(), start + 1s);
    others.back().used = start + 1s;
  }
  CHECK(std::ranges::none_of(others, &test_session::gone));
  CHECK(std::ranges::count(sessions, true, &test_session::gone) == 6);
  CHECK_FALSE(counts.make_room(origin(1), start + 1s));
}

TEST_CASE("when all sessions are taken, the origin that holds most gives way, and few are not touched") {
  connection_counts counts(budget(20, 1));
  std::list<test_session> honest;
  counts.on_called(origin(9), honest.emplace_back(), start);
  counts.on_session();
  std::list<test_session> idle;
  for (std::size_t i = 0; i < 18; ++i) counts.on_called(origin(i % 3 == 0 ? 1 : 2), idle.emplace_back(), start + 1s);
  CHECK_FALSE(counts.may_begin_session());
  // This peer still dials.
  CHECK(counts.may_dial());
  CHECK(counts.make_room(origin(3), start + 2s));
  CHECK_FALSE(honest.front().gone);
  CHECK_FALSE(idle.front().gone);
  CHECK(std::next(idle.begin())->gone);
}

}  // namespace shoal::testing
