#include "policy/dial_history.hpp"

#include <catch2/catch.hpp>

#include "policy/peer_book.hpp"

namespace shoal {

namespace {

const time_point start{std::chrono::hours(1)};
constexpr duration second = std::chrono::seconds(1);

// Dials wherever and whenever it is allowed, for `length`; nobody is there.
std::size_t dials_of(dial_history& subject, std::uint16_t ports, duration length) {
  std::size_t dials = 0;
  for (time_point now = start; now < start + length; now += second / 10) {
    for (std::uint16_t port = 1; port <= ports; ++port) {
      if (subject.earliest("victim", port, now) > now) continue;
      subject.on_dial("victim", port, now);
      subject.on_failed("victim", port, now);
      ++dials;
    }
  }
  return dials;
}

}  // namespace

TEST_CASE("an address that is no peer is dialled once a minute", "[dial_history]") {
  dial_history subject;
  CHECK(dials_of(subject, 1, 300 * second) == 5);
}

TEST_CASE("of one host only so many addresses that are no peers are dialled", "[dial_history]") {
  dial_history subject;
  CHECK(dials_of(subject, 1000, 180 * second) == 3 * dial_history::failures_per_origin_max);
  CHECK(subject.earliest("other", 1, start + second) == start + second);
  CHECK(subject.size() <= 2 * dial_history::failures_per_origin_max);
}

TEST_CASE("the addresses of one network of IPv6 are one origin of dials", "[dial_history]") {
  dial_history subject;
  std::size_t dials = 0;
  for (int n = 1; n < 100; ++n) {
    const std::string host = "2001:db8::" + std::to_string(n);
    if (subject.earliest(host, 7, start) > start) continue;
    subject.on_dial(host, 7, start);
    subject.on_failed(host, 7, start);
    ++dials;
  }
  CHECK(dials == dial_history::failures_per_origin_max);
  CHECK(subject.earliest("2001:db8:0:1::1", 7, start) == start);
}

TEST_CASE("peers are dialled as often as needed", "[dial_history]") {
  dial_history subject;
  for (std::uint16_t port = 1; port <= 300; ++port) {
    REQUIRE(subject.earliest("host", port, start) == start);
    subject.on_dial("host", port, start);
    subject.on_proved("host", port, start);
  }
  CHECK(dials_of(subject, 1, second) == 1);
  // It ends, and does not answer for a while.
  time_point now = start;
  for (int i = 0; i < 100; ++i) {
    now += second;
    REQUIRE(subject.earliest("host", 7, now) == now);
    subject.on_dial("host", 7, now);
    subject.on_failed("host", 7, now);
  }
  now = start + dial_history::proof_lasts;
  subject.on_dial("host", 7, now);
  subject.on_failed("host", 7, now);
  CHECK(subject.earliest("host", 7, now) == now + dial_history::interval);
}

TEST_CASE("one dial finds out for all who want an address", "[dial_history]") {
  dial_history subject;
  subject.on_dial("a", 1, start);
  CHECK(subject.earliest("a", 1, start) == start + dial_history::result_interval);
  CHECK(subject.earliest("a", 2, start) == start);
  subject.on_proved("a", 1, start);
  CHECK(subject.earliest("a", 1, start) == start);
}

TEST_CASE("who failed another download's dial is asked to call", "[dial_history]") {
  dial_history subject;
  const peer_address where{"192.0.2.1", 22};
  const peer_id who{};
  peer_book first(1, dial_limits{}, &subject);
  peer_book second_book(2, dial_limits{}, &subject);
  first.on_found(where, who, true, start);
  REQUIRE(first.next_dial({}, start) == where);
  // Whether it is there is not known yet.
  second_book.on_found(where, who, true, start);
  CHECK_FALSE(second_book.next_dial({}, start));
  CHECK(second_book.unreached(10).empty());
  subject.on_failed(where.address, where.port, start);
  CHECK_FALSE(second_book.next_dial({}, start + second));
  CHECK(second_book.unreached(10) == std::vector{who});
}

TEST_CASE("a dial that did not leave this machine counts for nothing", "[dial_history]") {
  dial_history subject;
  subject.on_dial("a", 1, start);
  subject.on_not_made("a", 1);
  CHECK(subject.earliest("a", 1, start) == start);
}

TEST_CASE("what a person names is dialled with growing pauses, and then as any stranger", "[dial_history]") {
  dial_history subject;
  peer_book book(1, dial_limits{}, &subject);
  const peer_address where{"192.0.2.1", 22};
  book.on_found(where, std::nullopt, false, start);
  std::size_t early = 0;
  std::size_t dials = 0;
  for (time_point now = start; now < start + 600 * second; now += second / 10) {
    if (book.next_dial({}, now) != where) continue;
    ++(now < start + 60 * second ? early : dials);
    subject.on_failed(where.address, where.port, now);
    book.on_dial_failed(where);
  }
  CHECK(early == asked_dials);
  CHECK(dials <= 9);
  CHECK(dials >= 8);
  // A person who names it again does not wait.
  book.on_found(where, std::nullopt, false, start + 601 * second);
  CHECK(book.next_dial({}, start + 602 * second) == where);
}

TEST_CASE("a new way into the network makes up for failures", "[dial_history]") {
  dial_history subject;
  CHECK(dials_of(subject, 50, second) == dial_history::failures_per_origin_max);
  subject.on_new_way();
  CHECK(subject.earliest("victim", 1, start + second) == start + second);
}

TEST_CASE("all downloads together dial a stranger once a minute", "[dial_history]") {
  dial_history subject;
  const peer_address victim{"192.0.2.1", 22};
  std::vector<peer_book> books;
  for (std::uint64_t seed = 0; seed < 10; ++seed) books.emplace_back(seed, dial_limits{}, &subject);
  int dials = 0;
  for (int ms = 0; ms < 120'000; ms += 10) {
    const time_point now = start + std::chrono::milliseconds(ms);
    for (peer_book& book : books) {
      peer_id who;
      store_be32(who.bytes.data(), static_cast<std::uint32_t>(ms));
      if (ms % 500 == 0) book.on_found(victim, who, true, now);
      const auto next = book.next_dial({}, now);
      if (!next) continue;
      ++dials;
      subject.on_failed(next->address, next->port, now);
      book.on_dial_failed(*next);
      book.check_invariants();
    }
  }
  CHECK(dials == 2);
}

}  // namespace shoal
