#include "policy/peer_book.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <vector>

namespace shoal {

namespace {

const time_point start{};
const peer_address a{"192.0.2.1", 1000};
const peer_address b{"192.0.2.2", 1000};

peer_id id(std::uint8_t n) {
  peer_id made;
  made.bytes[0] = n;
  return made;
}

}  // namespace

TEST_CASE("an address that becomes known is dialled once, at once") {
  peer_book book(1);
  book.on_found(a, std::nullopt, false, start);
  CHECK(book.next_deadline() <= start);
  CHECK(book.next_dial({}, start) == a);
  CHECK(book.next_dial({}, start) == std::nullopt);
  book.on_connected(a);
  CHECK(book.next_dial({}, start + std::chrono::hours(1)) == std::nullopt);
}

TEST_CASE("a failed dial is repeated with growing pauses for as long as the address is known") {
  peer_book book(1);
  book.on_found(a, std::nullopt, false, start);
  time_point now = start;
  duration before{};
  for (int i = 0; i < 10; ++i) {
    REQUIRE(book.next_dial({}, now) == a);
    book.on_dial_failed(a);
    const duration pause = book.next_deadline() - now;
    CHECK(pause >= before);
    CHECK(pause <= dial_backoff_max);
    CHECK(book.next_dial({}, now) == std::nullopt);
    before = pause;
    now = book.next_deadline();
  }
  CHECK(before == dial_backoff_max);
  // Told of it again, it is worth a try at once.
  book.on_dial_failed(a);
  book.on_found(a, std::nullopt, false, now);
  CHECK(book.next_dial({}, now) == a);
}

TEST_CASE("an address is not dialled more often because it is named more often") {
  peer_book book(1);
  int dials = 0;
  for (int ms = 0; ms < 5000; ++ms) {
    const time_point now = start + std::chrono::milliseconds(ms);
    // Whoever it is said to be, and however often it is taken back.
    if (ms % 3 == 0) book.on_left(id(1));
    book.on_found(a, id(1), ms % 2 == 0, now);
    if (book.next_dial({}, now)) {
      ++dials;
      book.on_dial_failed(a);
    }
    book.check_invariants();
  }
  CHECK(dials >= 3);
  CHECK(dials <= 7);
}

TEST_CASE("where a new way opens, those who could not be reached are dialled again") {
  peer_book book(1);
  book.on_found(a, id(1), false, start);
  time_point now = start;
  for (int i = 0; i < 8; ++i) {
    REQUIRE(book.next_dial({}, now) == a);
    book.on_dial_failed(a);
    now = book.next_deadline();
  }
  // The pause is long by now.
  REQUIRE(book.next_dial({}, now) == a);
  book.on_dial_failed(a);
  book.on_new_way(now);
  book.check_invariants();
  CHECK(book.next_deadline() == now + dial_interval_min);
  CHECK(book.next_dial({}, now + dial_interval_min) == a);
}

TEST_CASE("peers that could not be connected to are named, some each time") {
  peer_book book(1);
  std::set<peer_id> named;
  for (std::uint8_t n = 1; n <= 20; ++n) book.on_found({"192.0.2.1", n}, id(n), false, start);
  book.on_found(a, std::nullopt, false, start);
  CHECK(book.unreached(8).empty());
  time_point now = start;
  std::vector<peer_address> failed;
  while (const auto next = book.next_dial({}, now)) {
    book.on_dial_failed(*next);
    failed.push_back(*next);
  }
  REQUIRE(failed.size() == 21);
  for (int i = 0; i < 200; ++i) {
    const auto some = book.unreached(8);
    CHECK(some.size() == 8);
    named.insert(some.begin(), some.end());
  }
  CHECK(named.size() == 20);
  // Who connected meanwhile is not among them.
  book.on_connected({"192.0.2.1", 7});
  for (int i = 0; i < 200; ++i) {
    for (const peer_id& one : book.unreached(8)) CHECK(one != id(7));
  }
}

TEST_CASE("the pause after a failed dial counts from its begin") {
  peer_book book(1);
  book.on_found(a, std::nullopt, false, start);
  REQUIRE(book.next_dial({}, start) == a);
  book.on_dial_failed(a);
  CHECK(book.next_deadline() == start + dial_backoff_min);
  // Found out seconds later, the second failure costs no more time.
  const time_point second = book.next_deadline();
  REQUIRE(book.next_dial({}, second) == a);
  book.on_dial_failed(a);
  CHECK(book.next_dial({}, second + std::chrono::seconds(3)) == a);
}

TEST_CASE("a peer that left is not dialled again, and a session with it may go on") {
  peer_book book(1);
  book.on_found(a, id(1), false, start);
  book.on_found(b, id(2), false, start);
  REQUIRE(book.next_dial({}, start) == a);
  book.on_connected(a);
  book.on_left(id(1));
  book.on_left(id(2));
  CHECK(book.size() == 1);
  CHECK(book.next_dial({}, start) == std::nullopt);
  book.on_disconnected(a, true, start);
  CHECK(book.size() == 0);
}

TEST_CASE("a banned address is neither dialled nor taken up again, whatever id stands there") {
  peer_book book(1);
  book.on_found(a, id(1), false, start);
  book.on_banned(a, start);
  CHECK(book.banned(a, start));
  CHECK(book.banned_count(start) == 1);
  CHECK(book.next_dial({}, start) == std::nullopt);
  book.on_found(a, id(2), false, start);
  CHECK(book.next_dial({}, start) == std::nullopt);
}

TEST_CASE("a ban ends, the address is dialled again by itself, and the next ban lasts longer") {
  peer_book book(1);
  book.on_found(a, id(1), false, start);
  REQUIRE(book.next_dial({}, start) == a);
  book.on_connected(a);
  book.on_banned(a, start);
  book.on_banned(a, start + std::chrono::seconds(1));
  book.on_disconnected(a, false, start + std::chrono::seconds(1));
  CHECK(book.size() == 0);
  CHECK(book.next_deadline() == start + ban_min);
  CHECK(book.next_dial({}, start + ban_min - std::chrono::seconds(1)) == std::nullopt);
  const time_point later = start + ban_min;
  CHECK_FALSE(book.banned(a, later));
  CHECK(book.banned_count(later) == 0);
  REQUIRE(book.next_dial({}, later) == a);
  book.on_connected(a);
  book.on_banned(a, later);
  book.on_disconnected(a, false, later);
  CHECK(book.next_deadline() == later + 2 * ban_min);
  book.check_invariants();
}

TEST_CASE("a ban does not touch another address of the same id") {
  peer_book book(1);
  book.on_found(a, id(1), false, start);
  book.on_found(b, id(1), false, start);
  book.on_banned(a, start);
  CHECK(book.next_dial({}, start) == b);
}

TEST_CASE("a lost session is dialled again after a pause only if that makes sense") {
  peer_book book(1);
  book.on_found(a, std::nullopt, false, start);
  REQUIRE(book.next_dial({}, start) == a);
  book.on_connected(a);
  book.on_disconnected(a, true, start);
  CHECK(book.next_dial({}, start) == std::nullopt);
  REQUIRE(book.next_dial({}, start + dial_backoff_min) == a);
  book.on_connected(a);
  book.on_disconnected(a, false, start);
  CHECK(book.size() == 0);
}

TEST_CASE("dials under way and addresses are bounded") {
  peer_book book(1);
  for (std::uint32_t i = 0; i < book_addresses_max + 10; ++i) {
    book.on_found({"192.0.2." + std::to_string(i), 1}, std::nullopt, false, start);
  }
  CHECK(book.size() == book_addresses_max);
  std::size_t dials = 0;
  while (book.next_dial({}, start)) ++dials;
  CHECK(dials == dials_max);
  CHECK(book.next_deadline() == never);
  book.check_invariants();
}

TEST_CASE("those that are due are dialled in an order of the seed's, whatever order they were found in") {
  const auto order_of = [](std::uint64_t seed) {
    peer_book book(seed);
    for (std::uint16_t port = 1; port <= dials_max; ++port) {
      book.on_found({"192.0.2.1", port}, std::nullopt, false, start + std::chrono::milliseconds(port));
    }
    std::vector<std::uint16_t> ports;
    while (const auto next = book.next_dial({}, start + std::chrono::seconds(1))) ports.push_back(next->port);
    return ports;
  };
  CHECK(order_of(1).size() == dials_max);
  CHECK(order_of(1) == order_of(1));
  CHECK(order_of(1) != order_of(2));
}

TEST_CASE("in a small swarm those that hold everything are dialled first, until there are enough") {
  const auto first_is_seeder = [](std::size_t others, std::size_t connected, std::uint64_t seed) {
    peer_book book(seed);
    book.on_found(a, id(1), true, start);
    for (std::size_t i = 0; i < others; ++i) {
      book.on_found({"192.0.2.9", static_cast<std::uint16_t>(i + 1)}, std::nullopt, false, start);
    }
    return book.next_dial({connected, connected}, start) == a;
  };
  int small = 0;
  int enough = 0;
  int large = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    small += first_is_seeder(small_swarm_max - 1, 0, seed) ? 1 : 0;
    enough += first_is_seeder(small_swarm_max - 1, seeders_first_max, seed) ? 1 : 0;
    large += first_is_seeder(small_swarm_max, 0, seed) ? 1 : 0;
  }
  CHECK(small == 10);
  CHECK(enough < 5);
  CHECK(large < 5);
}

TEST_CASE("an address that turns out to hold everything is dialled as such") {
  peer_book book(1);
  for (std::uint16_t port = 1; port < small_swarm_max; ++port) {
    book.on_found({"192.0.2.9", port}, std::nullopt, false, start);
  }
  book.on_found(a, std::nullopt, false, start);
  book.on_found(a, id(1), true, start);
  book.on_found(a, std::nullopt, false, start);
  book.check_invariants();
  CHECK(book.next_dial({}, start) == a);
}

TEST_CASE("the book stays consistent under any order of events") {
  std::mt19937 random(42);
  peer_book book(1);
  time_point now = start;
  for (int i = 0; i < 20'000; ++i) {
    const peer_address where{"192.0.2." + std::to_string(random() % 40), 1};
    const auto who = static_cast<std::uint8_t>(random() % 20);
    now += std::chrono::milliseconds(random() % 300);
    std::size_t seeders = 0;
    switch (random() % 7) {
      case 0:
        book.on_found(where, id(who), random() % 2 == 0, now);
        break;
      case 1:
        book.on_left(id(who));
        break;
      case 2:
        book.on_dial_failed(where);
        break;
      case 3:
        book.on_connected(where);
        break;
      case 4:
        book.on_disconnected(where, random() % 2 == 0, now);
        break;
      case 5:
        seeders = random() % (2 * seeders_first_max);
        (void)book.next_dial({seeders, seeders}, now);
        break;
      default:
        if (random() % 2000 == 0) book.on_banned(where, now);
    }
    book.check_invariants();
  }
}

TEST_CASE("those that call do not keep a downloader from dialling others") {
  for (const bool seeders : {false, true}) {
    peer_book book(1);
    for (std::uint16_t port = 1; port <= 100; ++port) book.on_found({"192.0.2.1", port}, std::nullopt, false, start);
    const dial_limits limits;
    // As many as want to have called, and send a little all the time.
    sessions_held have{.all = 200, .seeders = seeders ? 200u : 0u};
    have.called = have.all;
    have.called_seeders = have.seeders;
    std::size_t dialled = 0;
    while (const auto next = book.next_dial(have, start)) {
      book.on_connected(*next);
      ++have.all;
      ++dialled;
    }
    CHECK(dialled == limits.crowd_max / 2);
  }
}

}  // namespace shoal
