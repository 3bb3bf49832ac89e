#include "policy/choker.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <vector>

#include "content/geometry.hpp"

namespace shoal {

namespace {

constexpr std::uint32_t chunk_bytes = 64 * KiB;

struct stage {
  choker chokes{chunk_bytes};
  time_point now{};
  std::vector<leecher_id> leechers;

  /// `count` leechers that want something.
  explicit stage(std::size_t count, duration round_trip = {}, bool seeding = true) {
    if (seeding) chokes.on_seeding(now);
    for (std::size_t i = 0; i < count; ++i) {
      leechers.push_back(chokes.on_leecher(round_trip, now));
      chokes.on_interested(leechers.back(), true, now);
    }
  }
  std::vector<std::pair<leecher_id, bool>> decisions() {
    chokes.check_invariants();
    std::vector<std::pair<leecher_id, bool>> all;
    while (const auto one = chokes.next_decision()) all.emplace_back(one->leecher, one->choke);
    return all;
  }
};

}  // namespace

TEST_CASE("while there is room everybody is unchoked at once and stays so") {
  stage s(upload_places_usual);
  CHECK(s.decisions().size() == upload_places_usual);
  for (int i = 0; i < 100; ++i) CHECK(s.chokes.on_request(s.leechers[0], chunk_bytes, s.now));
  s.now += turn_duration_max;
  s.chokes.on_deadline(s.now);
  CHECK(s.chokes.next_deadline() == never);
  CHECK(s.decisions().empty());
}

TEST_CASE("a leecher that had its turn gives way to the one that waits longest, and waits") {
  stage s(upload_places_usual + 2);
  s.decisions();
  const leecher_id first = s.leechers[3];
  CHECK_FALSE(s.chokes.on_request(s.leechers[upload_places_usual], chunk_bytes, s.now));
  for (std::uint64_t i = 0; i + 1 < turn_chunks; ++i) CHECK(s.chokes.on_request(first, chunk_bytes, s.now));
  CHECK(s.decisions().empty());
  CHECK(s.chokes.on_request(first, chunk_bytes, s.now));
  CHECK(s.decisions() == std::vector{std::pair(first, true), std::pair(s.leechers[upload_places_usual], false)});
  CHECK_FALSE(s.chokes.on_request(first, chunk_bytes, s.now));
  // What it asked for in its turn may be answered still.
  s.chokes.on_sent(first, turn_chunks * chunk_bytes, s.now);
}

TEST_CASE("who asks for nothing, wants nothing, or is slow gives way too") {
  stage s(upload_places_usual + 3);
  s.decisions();
  for (std::size_t i = 1; i < upload_places_usual; ++i) CHECK(s.chokes.on_request(s.leechers[i], block_bytes, s.now));
  SECTION("asks for nothing") {
    CHECK(s.chokes.next_deadline() == s.now + turn_idle_max);
    s.now += turn_idle_max;
    s.chokes.on_deadline(s.now);
    CHECK(s.decisions() ==
          std::vector{std::pair(s.leechers[0], true), std::pair(s.leechers[upload_places_usual], false)});
  }
  SECTION("wants nothing") {
    s.chokes.on_interested(s.leechers[0], false, s.now);
    CHECK(s.decisions() ==
          std::vector{std::pair(s.leechers[0], true), std::pair(s.leechers[upload_places_usual], false)});
    // And does not wait.
    s.now += turn_duration_max;
    s.chokes.on_deadline(s.now);
    for (const auto& [leecher, choke] : s.decisions()) CHECK((choke || leecher != s.leechers[0]));
  }
  SECTION("is slow") {
    s.now += turn_duration_max;
    s.chokes.on_deadline(s.now);
    // As many as wait, and no more.
    CHECK(s.decisions().size() == 2 * 3);
  }
}

TEST_CASE("a few more are served when they are far away") {
  stage near(upload_places_usual + far_unchoked_max, far_round_trip_min / 2);
  CHECK(near.decisions().size() == upload_places_usual);
  stage far(upload_places_usual + far_unchoked_max + 1, far_round_trip_min);
  CHECK(far.decisions().size() == upload_places_usual + far_unchoked_max);
  // Their places go with them.
  for (std::size_t i = 0; i < 5; ++i) far.chokes.on_leecher_gone(far.leechers[i], far.now);
  far.decisions();
  for (std::size_t i = 0; i < upload_places_usual; ++i) {
    far.chokes.on_interested(far.chokes.on_leecher({}, far.now), true, far.now);
  }
  CHECK(far.decisions().size() == 4);
}

TEST_CASE("a leecher that turns out to be near takes a place") {
  stage s(upload_places_usual + far_unchoked_max, far_round_trip_min);
  s.decisions();
  for (const leecher_id one : s.leechers) s.chokes.on_round_trip(one, far_round_trip_min / 2);
  for (const leecher_id one : s.leechers) {
    for (std::uint64_t i = 0; i < turn_chunks; ++i) {
      if (s.chokes.on_request(one, chunk_bytes, s.now)) s.chokes.on_sent(one, chunk_bytes, s.now);
    }
  }
  std::size_t unchoked = 0;
  s.chokes.on_interested(s.chokes.on_leecher({}, s.now), true, s.now);
  for (const leecher_id one : s.leechers) s.chokes.on_interested(one, false, s.now);
  for (const leecher_id one : s.leechers) s.chokes.on_interested(one, true, s.now);
  s.decisions();
  for (const leecher_id one : s.leechers) unchoked += s.chokes.choked(one) ? 0 : 1;
  CHECK(unchoked <= upload_places_usual);
}

TEST_CASE("while we download no turn ends while as many as there are places wait for what they asked for") {
  stage s(4 * upload_places_min, {}, false);
  s.decisions();
  const auto use_turn = [&](std::size_t i) {
    for (std::uint64_t n = 0; n < turn_chunks; ++n) CHECK(s.chokes.on_request(s.leechers[i], chunk_bytes, s.now));
  };
  for (std::size_t i = 0; i < upload_places_min; ++i) use_turn(i);
  CHECK(s.decisions().size() == 2 * upload_places_min);
  for (std::size_t i = upload_places_min; i < 2 * upload_places_min; ++i) use_turn(i);
  CHECK(s.decisions().empty());
  SECTION("one of them got all of it") {
    s.chokes.on_sent(s.leechers[0], turn_chunks * chunk_bytes, s.now);
    CHECK(s.decisions().size() == 2);
  }
  SECTION("they take nothing") {
    CHECK(s.chokes.next_deadline() == s.now + drain_duration_max);
    s.now += drain_duration_max;
    s.chokes.on_deadline(s.now);
    CHECK(s.decisions().size() == 2 * upload_places_min);
  }
  SECTION("we have everything") {
    s.chokes.on_seeding(s.now);
    CHECK(s.decisions().size() >= 2 * upload_places_min);
  }
}

TEST_CASE("leechers that are far away are served too") {
  constexpr duration round_trip = std::chrono::milliseconds(400);
  stage s(100, round_trip);
  std::vector<int> served(s.leechers.size(), 0);
  std::multimap<time_point, leecher_id> requests;
  for (int step = 0; step < 10'000; ++step) {
    if (s.chokes.next_deadline() <= s.now) s.chokes.on_deadline(s.now);
    while (!requests.empty() && requests.begin()->first <= s.now) {
      const leecher_id who = requests.begin()->second;
      requests.erase(requests.begin());
      if (!s.chokes.on_request(who, chunk_bytes, s.now)) continue;
      s.chokes.on_sent(who, chunk_bytes, s.now);
      ++served[who.value()];
    }
    for (const auto& [leecher, choke] : s.decisions()) {
      // What comes after its turn does not count, though the next one may have begun.
      std::erase_if(requests, [&](const auto& request) { return request.second == leecher; });
      if (!choke) requests.emplace(s.now + round_trip, leecher);
    }
    s.now += std::chrono::milliseconds(10);
  }
  for (const int count : served) CHECK(count >= 3);
}

TEST_CASE("one that leaves makes room") {
  stage s(upload_places_usual + 1);
  s.decisions();
  s.chokes.on_leecher_gone(s.leechers[0], s.now);
  CHECK(s.decisions() == std::vector{std::pair(s.leechers[upload_places_usual], false)});
}

TEST_CASE("those who make nothing of their turns cost the others little") {
  stage s(40);
  enum class habit { silent, asks, loses_interest };
  const habit theirs = GENERATE(habit::silent, habit::asks, habit::loses_interest);
  const leecher_id honest = s.leechers.back();
  std::vector<bool> choked(s.leechers.size(), true);
  int served = 0;
  for (int step = 0; step < 10'000; ++step) {
    for (const auto& [leecher, choke] : s.decisions()) {
      choked[leecher.value()] = choke;
      // And takes nothing of it.
      if (theirs == habit::asks && !choke && leecher != honest) {
        (void)s.chokes.on_request(leecher, chunk_bytes, s.now);
      }
    }
    for (const leecher_id leecher : s.leechers) {
      if (theirs != habit::loses_interest || leecher == honest) continue;
      s.chokes.on_interested(leecher, step % 50 != 0, s.now);
    }
    if (!choked[honest.value()] && s.chokes.on_request(honest, chunk_bytes, s.now)) {
      s.chokes.on_sent(honest, chunk_bytes, s.now);
      ++served;
    }
    s.now += std::chrono::milliseconds(1);
    if (s.chokes.next_deadline() <= s.now) s.chokes.on_deadline(s.now);
  }
  CHECK(served > 5'000);
}

TEST_CASE("all pauses of a turn together are not longer than one may be") {
  stage s(upload_places_usual + 1);
  s.decisions();
  const leecher_id slow = s.leechers[0];
  const time_point began = s.now;
  bool choked = false;
  for (int i = 0; i < 100 && !choked; ++i) {
    for (std::size_t one = 1; one < upload_places_usual; ++one) CHECK(s.chokes.on_request(s.leechers[one], 1, s.now));
    CHECK(s.chokes.on_request(slow, 1, s.now));
    s.chokes.on_sent(slow, 1, s.now);
    s.now += turn_idle_max / 10;
    s.chokes.on_deadline(s.now);
    for (const auto& [leecher, choke] : s.decisions()) choked = choked || (choke && leecher == slow);
  }
  CHECK(choked);
  CHECK(s.now - began <= turn_idle_max);
}

TEST_CASE("who passes on less than it is given is held back while the uplink is busy with others") {
  stage s(3);
  s.decisions();
  // Serves the first one, until it is known what the uplink carries.
  const auto serve = [&](std::uint32_t bytes) {
    CHECK(s.chokes.on_request(s.leechers[0], bytes, s.now));
    s.now += std::chrono::milliseconds(200);
    s.chokes.on_sent(s.leechers[0], bytes, s.now);
  };
  for (int i = 0; i < 10; ++i) serve(1 * MiB);
  s.chokes.on_backlog(s.leechers[1], backlog_max - 1, s.now);
  CHECK(s.decisions().empty());
  s.chokes.on_backlog(s.leechers[1], backlog_max, s.now);
  CHECK(s.decisions() == std::vector{std::pair(s.leechers[1], true)});
  SECTION("until it has passed on what it had") {
    s.chokes.on_backlog(s.leechers[1], backlog_max / 2, s.now);
    CHECK(s.decisions() == std::vector{std::pair(s.leechers[1], false)});
  }
  SECTION("until the others have as much") {
    s.chokes.on_backlog(s.leechers[0], backlog_max - 1, s.now);
    s.chokes.on_backlog(s.leechers[2], backlog_max - 1, s.now);
    CHECK(s.decisions() == std::vector{std::pair(s.leechers[1], false)});
  }
  SECTION("until nothing is sent for a while") {
    CHECK(s.chokes.next_deadline() == s.now + upload_silence_max);
    s.now = s.chokes.next_deadline();
    s.chokes.on_deadline(s.now);
    CHECK(s.decisions() == std::vector{std::pair(s.leechers[1], false)});
  }
  SECTION("until those who are served take little") {
    for (int i = 0; i < 15; ++i) serve(block_bytes);
    CHECK(s.decisions() == std::vector{std::pair(s.leechers[1], false)});
  }
  SECTION("until nobody else wants anything") {
    s.chokes.on_interested(s.leechers[0], false, s.now);
    s.chokes.on_interested(s.leechers[2], false, s.now);
    CHECK(s.decisions() == std::vector{std::pair(s.leechers[1], false)});
  }
}

TEST_CASE("nobody is held back for long for the sake of those who take next to nothing") {
  stage s(5);
  const leecher_id honest = s.leechers.back();
  std::vector<bool> choked(s.leechers.size(), true);
  int served = 0;
  for (int step = 0; step < 12'000; ++step) {
    for (const auto& [leecher, choke] : s.decisions()) {
      choked[leecher.value()] = choke;
      if (!choke && leecher != honest) (void)s.chokes.on_request(leecher, 2 * block_bytes, s.now);
    }
    if (!choked[honest.value()] && s.chokes.on_request(honest, chunk_bytes, s.now)) {
      s.chokes.on_sent(honest, chunk_bytes, s.now);
      // From now on it has what nobody else has.
      if (step > 2'000) s.chokes.on_backlog(honest, 100, s.now);
      if (step > 2'000) ++served;
    }
    if (step % 1'200 == 0) {
      const leecher_id other = s.leechers[static_cast<std::size_t>(step / 1'200) % 4];
      if (!choked[other.value()] && s.chokes.on_request(other, block_bytes, s.now)) {
        s.chokes.on_sent(other, block_bytes, s.now);
      }
    }
    s.now += std::chrono::milliseconds(1);
    if (s.chokes.next_deadline() <= s.now) s.chokes.on_deadline(s.now);
  }
  CHECK(served > 6'000);
}

TEST_CASE("whatever happens, everybody who waits has a turn") {
  std::mt19937 random(7);
  stage s(40);
  std::vector<int> turns(s.leechers.size(), 0);
  std::vector<std::uint64_t> outstanding(s.leechers.size(), 0);
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t who = random() % s.leechers.size();
    if (random() % 3 == 0) {
      s.chokes.on_sent(s.leechers[who], static_cast<std::uint32_t>(outstanding[who]), s.now);
      outstanding[who] = 0;
    } else if (s.chokes.on_request(s.leechers[who], block_bytes, s.now)) {
      outstanding[who] += block_bytes;
    }
    if (random() % 4 == 0) {
      s.chokes.on_backlog(s.leechers[who], static_cast<std::uint32_t>(random() % (3 * backlog_max)), s.now);
    }
    s.now += std::chrono::milliseconds(1);
    if (s.chokes.next_deadline() <= s.now) s.chokes.on_deadline(s.now);
    for (const auto& [leecher, choke] : s.decisions()) turns[leecher.value()] += choke ? 0 : 1;
  }
  for (const int count : turns) CHECK(count > 5);
}

}  // namespace shoal
