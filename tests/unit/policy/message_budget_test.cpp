#include "policy/message_budget.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "policy/message_prices.hpp"

namespace shoal {

namespace {

using namespace std::chrono_literals;

const time_point start{1h};

address_group origin(std::uint32_t number) {
  const std::array<std::uint8_t, 4> bytes{10, 0, static_cast<std::uint8_t>(number >> 8),
                                          static_cast<std::uint8_t>(number)};
  return address_group::of_v4(bytes);
}

/// Spends all that it may, in messages of `price`, and returns what it spent until `end`.
work_price spend(message_budget::account& from, time_point now, time_point end, work_price price) {
  work_price spent = 0;
  while (now < end) {
    if (!from.has_credit()) now = from.next_credit(now);
    if (!from.has_credit()) continue;
    from.charge(price);
    spent += price;
  }
  return spent;
}

constexpr work_price share_of_core = accounts_per_second + purse_per_second;

}  // namespace

TEST_CASE("a session that spends little never waits") {
  message_budget book;
  message_budget::account one(book, origin(1), start);
  for (time_point now = start; now < start + 60s; now += 1ms) {
    one.charge(prices::turn);
    if (!one.has_credit()) REQUIRE(one.next_credit(now) == now);
  }
}

TEST_CASE("a session that floods costs two hundredths of a core, beside what it had saved") {
  message_budget book;
  message_budget::account one(book, origin(1), start);
  const work_price spent = spend(one, start, start + 10s, 1'000);
  CHECK(spent <= 10 * share_of_core + account_first);
  CHECK(spent >= 10 * accounts_per_second * 9 / 10);
}

TEST_CASE("a flood wakes its sessions seldom, however many they are") {
  const auto count = static_cast<std::size_t>(GENERATE(1, 4, 250));
  message_budget book;
  std::vector<std::unique_ptr<message_budget::account>> all;
  std::vector<time_point> wakes(count, start);
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back(std::make_unique<message_budget::account>(book, origin(1), start));
  }
  int woken = 0;
  for (time_point now = start; now < start + 20s; now += 1ms) {
    for (std::size_t i = 0; i < count; ++i) {
      if (wakes[i] > now) continue;
      ++woken;
      wakes[i] = all[i]->next_credit(now, all[i]->pause_price());
      if (wakes[i] > now) continue;
      while (all[i]->has_credit()) all[i]->charge(1'000);
    }
  }
  // Each time once to go on, and once to find that all is spent.
  CHECK(woken <= static_cast<int>(2 * 20 * (30 + 3 * count)));
}

TEST_CASE("many sessions of one origin cost no more than one") {
  message_budget book;
  std::vector<std::unique_ptr<message_budget::account>> all;
  for (int i = 0; i < 50; ++i) all.push_back(std::make_unique<message_budget::account>(book, origin(1), start));
  work_price spent = 0;
  for (time_point now = start; now < start + 10s; now += 10ms) {
    for (auto& one : all) {
      if (one->next_credit(now) > now) continue;
      one->charge(500'000);
      spent += 500'000;
    }
  }
  CHECK(spent <= 10 * share_of_core + purse_max + 50 * 500'000);
}

TEST_CASE("sessions that rest and then flood all at once cost no more than one") {
  const auto rest = GENERATE(300ms, 1000ms, 10000ms);
  message_budget book;
  std::vector<std::unique_ptr<message_budget::account>> all;
  for (int i = 0; i < 250; ++i) all.push_back(std::make_unique<message_budget::account>(book, origin(1), start));
  work_price spent = 0;
  for (time_point now = start + 10s; now < start + 110s; now += rest) {
    for (auto& one : all) {
      while (one->has_credit()) {
        one->charge(50'000);
        spent += 50'000;
      }
    }
    // Each waits until it may go on, and is idle then.
    for (const time_point end = now + 1s; now < end; now += 50ms) {
      for (auto& one : all) (void)one->next_credit(now, one->pause_price());
    }
  }
  CHECK(spent <= 100 * share_of_core + saved_max + purse_max + 250 * (account_first_least + 50'000));
}

TEST_CASE("a neighbour of fifty flooding sessions has what it needs") {
  message_budget book;
  std::vector<std::unique_ptr<message_budget::account>> all;
  for (int i = 0; i < 50; ++i) all.push_back(std::make_unique<message_budget::account>(book, origin(1), start));
  message_budget::account honest(book, origin(1), start);
  for (time_point now = start; now < start + 10s; now += 10ms) {
    for (auto& one : all) {
      if (one->next_credit(now) <= now) one->charge(500'000);
    }
    honest.charge(2'000);
    REQUIRE(honest.next_credit(now) == now);
  }
}

TEST_CASE("sessions that come and go cost no more than those that stay") {
  message_budget book;
  work_price spent = 0;
  int begun = 0;
  for (time_point now = start; now < start + 20s; now += 10ms) {
    message_budget::account one(book, origin(1), now);
    ++begun;
    while (one.next_credit(now) <= now) {
      one.charge(100'000);
      spent += 100'000;
    }
  }
  CHECK(spent <= 20 * share_of_core + purse_max + begun * (account_first_least + 200'000));
}

TEST_CASE("work that is dear is saved for before it is done") {
  message_budget book;
  std::vector<std::unique_ptr<message_budget::account>> poor;
  // The purse is empty.
  for (int i = 0; i < 200; ++i) poor.push_back(std::make_unique<message_budget::account>(book, origin(1), start));
  message_budget::account one(book, origin(1), start);
  const work_price dear = prices::leaves_of(16 * 1024 * 1024);
  CHECK(one.next_credit(start, dear) > start);
  CHECK(one.next_credit(start + 2s, dear) == start + 2s);
  // What costs more than anybody can save is done once all is saved.
  CHECK(one.next_credit(start + 10s, 100 * account_max) == start + 10s);
}

TEST_CASE("many sessions that save for dear work cost no more than one") {
  message_budget book;
  std::vector<std::unique_ptr<message_budget::account>> all;
  for (int i = 0; i < 32; ++i) all.push_back(std::make_unique<message_budget::account>(book, origin(1), start));
  const work_price dear = prices::leaves_of(1024 * 1024);
  work_price spent = 0;
  // The first seconds spend what is saved at the beginning.
  for (time_point now = start; now < start + 60s; now += 10ms) {
    for (auto& one : all) {
      if (one->next_credit(now, dear) > now) continue;
      one->charge(dear);
      if (now >= start + 20s) spent += dear;
    }
  }
  CHECK(spent <= 40 * share_of_core + 32 * dear);
}

TEST_CASE("origins are accounted each for itself, and forgotten when there are many") {
  message_budget book;
  message_budget::account one(book, origin(1), start);
  one.charge(1'000'000'000);
  CHECK_FALSE(one.has_credit());
  message_budget::account other(book, origin(2), start);
  CHECK(other.next_credit(start) == start);
  for (int i = 0; i < 5000; ++i) {
    const std::array<std::uint8_t, 4> bytes{10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    message_budget::account passing(book, address_group::of_v4(bytes), start);
  }
  CHECK(book.size() <= origins_kept_max + 1);
}

TEST_CASE("whoever leaves and comes back pays for what was owed, also beyond the purse") {
  message_budget book;
  {
    message_budget::account spender(book, origin(1), start);
    spender.charge(1'000'000'000);
  }
  // How often it can pay this within a minute.
  const auto pays = [&](std::uint32_t of) {
    constexpr work_price price = 5'000'000;
    message_budget::account one(book, origin(of), start);
    int times = 0;
    for (auto now = start; now < start + 1min; now += 100ms) {
      if (one.next_credit(now, price) > now) continue;
      one.charge(price);
      ++times;
    }
    return times;
  };
  const int owing = pays(1);
  const int free = pays(2);
  // Half of what comes in is left for those who are here.
  CHECK(owing > free / 3);
  CHECK(owing < free * 2 / 3);
}

TEST_CASE("a crowd that spends nothing owes nothing when some of it goes") {
  message_budget book;
  std::vector<std::unique_ptr<message_budget::account>> crowd;
  for (int i = 0; i < 5000; ++i) crowd.push_back(std::make_unique<message_budget::account>(book, origin(1), start));
  crowd.resize(4999);
  crowd.front()->charge(account_first);
  CHECK(crowd.front()->next_credit(start + 1s, 10'000) == start + 1s);
}

TEST_CASE("what an origin owes is remembered, however many others there are") {
  message_budget book;
  std::vector<std::unique_ptr<message_budget::account>> others;
  for (std::uint32_t n = 2; n < origins_kept_max + 10; ++n) {
    others.push_back(std::make_unique<message_budget::account>(book, origin(n), start));
  }
  {
    message_budget::account spender(book, origin(1), start);
    spender.charge(1'000'000'000);
  }
  message_budget::account back(book, origin(1), start);
  back.charge(account_first_least);
  CHECK(back.next_credit(start + 1s, 20'000'000) > start + 1s);
  CHECK(book.size() > origins_kept_max);
  // All are forgotten when nothing is owed any more.
  for (const auto& one : others) one->charge(1'000'000'000);
  others.clear();
  CHECK(book.size() > origins_kept_max);
  const message_budget::account one(book, origin(1), start + 10min);
  CHECK(book.size() == 1);
}

TEST_CASE("an origin whose waiting sessions are sent many small segments is a flood for a while") {
  message_budget book;
  message_budget::account one(book, origin(1), start);
  message_budget::account other(book, origin(1), start);
  message_budget::account far(book, origin(2), start);
  const auto is_flooding = [](const message_budget::account& of, time_point at) {
    return of.next_look(at + 1h, at) < at + 1h;
  };
  time_point now = start;
  for (int i = 0; i < 100; ++i) {
    CHECK_FALSE(one.on_unread(unread_segments_max / 2, now));
    CHECK_FALSE(other.on_unread(unread_segments_max / 2, now));
    CHECK_FALSE(one.on_unread(-1000, now));
    now += look_interval;
    (void)one.next_credit(now);
  }
  CHECK_FALSE(is_flooding(one, now));
  CHECK_FALSE(one.on_unread(unread_segments_max / 2, now));
  CHECK(other.on_unread(unread_segments_max / 2 + 1, now));
  CHECK(is_flooding(one, now));
  CHECK(is_flooding(other, now));
  CHECK_FALSE(is_flooding(far, now));
  CHECK(one.next_look(now, now) == now);
  // Not each of its sessions is flooded.
  CHECK_FALSE(one.on_unread(flood_least - 1, now));
  CHECK(one.on_unread(flood_least, now));
  CHECK(is_flooding(one, now + flood_kept / 2));
  CHECK_FALSE(is_flooding(one, now + flood_kept));
}

}  // namespace shoal
