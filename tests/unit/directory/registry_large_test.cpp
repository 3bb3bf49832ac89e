// The registry of a swarm in which most peers are counted and not listed, and what sessions make of its messages.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <string>

#include "directory/catalogue.hpp"
#include "directory/registry.hpp"
#include "unit/directory/large_swarm.hpp"

using namespace shoal;
using shoal::testing::newcomer;
using shoal::testing::peer;
using shoal::testing::session;

namespace {

constexpr std::uint32_t listed_max = 20;

share_id share(std::uint32_t n) {
  share_id id;
  store_be32(id.bytes.data(), n);
  return id;
}

// A registry, and the catalogues that its messages make at the sessions.
struct bench {
  registry subject;
  time_point now{std::chrono::hours(1)};
  std::map<tracker_session_id, catalogue> seen;
  std::size_t delta_rows = 0;   ///< of the last tick
  std::size_t deltas_told = 0;  ///< sessions that were told one

  bench() : subject(registry::limits{.listed_peers_max = listed_max}) {}

  void join(std::uint32_t n) {
    REQUIRE(subject.on_join(session(n), newcomer(n), now).has_value());
    seen[session(n)];
  }
  void leave(std::uint32_t n) {
    subject.on_leave(session(n), now);
    seen.erase(session(n));
  }
  void publish(std::uint32_t n, std::uint32_t of, std::uint64_t have) {
    REQUIRE(
        subject
            .on_publish(session(n), tracking::publish{{{share(of), "s" + std::to_string(of), 1000, 1, have, {}}}}, now)
            .has_value());
  }
  void hash(std::uint32_t n, bool does) {
    tracking::hashing said;
    if (does) said.shares.push_back({"h" + std::to_string(n), 10, 1});
    REQUIRE(subject.on_hashing(session(n), said, now).has_value());
  }
  void tick(duration later = registry::batch_interval) {
    subject.check_invariants();
    now += later;
    const auto out = subject.next_batch(now);
    subject.check_invariants();
    delta_rows = 0;
    deltas_told = 0;
    if (out.delta) {
      delta_rows = out.delta->message.joined.size();
      deltas_told = out.delta->to.size();
      for (const auto to : out.delta->to) REQUIRE(seen.at(to).on_delta(0, out.delta->message));
    }
    if (!out.snapshot) return;
    for (const auto to : out.snapshot->to) {
      auto copy = out.snapshot->message;
      seen.at(to).on_snapshot(0, std::move(copy));
    }
  }
  std::vector<std::string> listed_at(std::uint32_t n) const {
    std::vector<std::string> names;
    for (const auto* row : seen.at(session(n)).peers()) names.push_back(row->name);
    return names;
  }
};

}  // namespace

TEST_CASE("peers of a large swarm are counted, and those that hash are listed", "[registry]") {
  bench b;
  for (std::uint32_t n = 0; n < listed_max; ++n) b.join(n);
  b.tick();
  CHECK(b.listed_at(0).size() == listed_max);
  b.join(100);
  b.tick();
  CHECK(b.delta_rows == 0);
  for (const std::uint32_t n : {0U, 100U}) {
    CHECK(b.listed_at(n).empty());
    CHECK(b.seen.at(session(n)).peer_count() == listed_max + 1);
    CHECK(b.seen.at(session(n)).has_unlisted(0));
  }
  b.hash(7, true);
  b.tick();
  CHECK(b.listed_at(0) == std::vector<std::string>{"host7"});
  CHECK(b.seen.at(session(0)).hashing("h7").size() == 1);
  b.hash(7, false);
  b.tick();
  CHECK(b.listed_at(100).empty());
  CHECK(b.seen.at(session(100)).peer_count() == listed_max + 1);
}

TEST_CASE("when a large swarm has become small, its peers are listed again", "[registry]") {
  bench b;
  for (std::uint32_t n = 0; n <= listed_max; ++n) b.join(n);
  b.tick();
  REQUIRE(b.listed_at(0).empty());
  // Not as soon as it is a little smaller: each time everybody is told of everybody.
  for (std::uint32_t n = listed_max; n >= listed_max / 2; --n) {
    b.tick();
    CHECK(b.listed_at(0).empty());
    b.leave(n);
  }
  b.tick();
  CHECK(b.listed_at(0).size() == listed_max / 2);
  CHECK_FALSE(b.seen.at(session(0)).has_unlisted(0));
  CHECK(b.seen.at(session(0)).peer_count() == listed_max / 2);
}

TEST_CASE("telling takes a fifth of the time at most, however long it takes", "[registry]") {
  bench b;
  b.join(1);
  b.tick();
  b.subject.on_told(std::chrono::seconds(1));
  b.publish(1, 1, 0);
  CHECK(b.subject.next_deadline() == b.now + registry::telling_rest * std::chrono::seconds(1));
}

TEST_CASE("one peer more in a large swarm is told to nobody else", "[registry]") {
  bench b;
  for (std::uint32_t n = 0; n < 300; ++n) b.join(n);
  b.tick();
  b.join(1000);
  b.tick();
  CHECK(b.deltas_told == 0);
  CHECK(b.seen.at(session(1000)).peer_count() == 301);
  // A hundredth is.
  for (std::uint32_t n = 1001; n < 1004; ++n) b.join(n);
  b.tick();
  CHECK(b.deltas_told == 301);
  CHECK(b.seen.at(session(0)).peer_count() == 304);
}

TEST_CASE("small changes of a share with many holders are told together", "[registry]") {
  bench b;
  for (std::uint32_t n = 0; n < 300; ++n) b.join(n);
  for (std::uint32_t n = 0; n < 200; ++n) b.publish(n, 1, 1000);
  b.publish(200, 2, 1000);
  b.tick(registry::small_changes_interval);
  const auto seeders = [&](std::uint32_t of) { return b.seen.at(session(0)).share(share(of))->seeders; };
  REQUIRE(seeders(1) == 200);
  b.publish(201, 1, 1000);
  b.publish(201, 2, 1000);
  b.publish(201, 3, 0);
  b.tick();
  CHECK(seeders(1) == 200);
  CHECK(seeders(2) == 2);
  CHECK(b.seen.at(session(0)).share(share(3)).has_value());
  REQUIRE(b.subject.next_deadline() != never);
  b.tick(b.subject.next_deadline() - b.now);
  CHECK(seeders(1) == 201);
  CHECK(b.subject.next_deadline() == never);
}

TEST_CASE("what a large swarm held back is told when it has become small", "[registry]") {
  bench b;
  for (std::uint32_t n = 0; n < 2 * listed_max; ++n) b.join(n);
  b.publish(0, 1, 1000);
  b.publish(1, 1, 500);
  b.tick(registry::small_changes_interval);
  b.publish(1, 1, 504);
  b.tick();
  const auto held = [&] { return b.seen.at(session(0)).share(share(1))->held; };
  REQUIRE(held() == 1500);
  for (std::uint32_t n = 2; n < 2 * listed_max; ++n) b.leave(n);
  b.tick();
  CHECK_FALSE(b.seen.at(session(0)).has_unlisted(0));
  CHECK(held() == 1504);
}

TEST_CASE("pages list all peers, once each", "[registry]") {
  bench b;
  for (std::uint32_t n = 0; n < 1200; ++n) b.join(n * 7);
  std::set<peer_id> found;
  tracking::list_peers wanted;
  std::size_t pages = 0;
  for (bool last = false; !last; ++pages) {
    const auto page = b.subject.page(wanted);
    CHECK(page.after == wanted.after);
    REQUIRE_FALSE(page.peers.empty());
    CHECK(page.peers.size() <= tracking::peers_per_page_max);
    for (const auto& row : page.peers) CHECK(found.insert(row.peer).second);
    wanted.after = page.peers.back().peer;
    last = page.last;
  }
  // The first peer of all has the id that stands for the begin.
  CHECK(found.size() + 1 == 1200);
  CHECK(pages == 3);
}

TEST_CASE("a page is no longer than a message may be", "[registry]") {
  bench b;
  for (std::uint32_t n = 1; n <= 100; ++n) b.join(n);
  tracking::hashing much;
  for (int i = 0; i < 500; ++i) much.shares.push_back({std::string(200, 'x'), 1, 1});
  for (std::uint32_t n = 1; n <= 100; ++n) REQUIRE(b.subject.on_hashing(session(n), much, b.now).has_value());
  const auto page = b.subject.page({});
  CHECK_FALSE(page.last);
  CHECK(tracking::encode(tracking::tracker_message(page)).size() <= tracking::page_bytes_max);
}

TEST_CASE("whatever happens, all sessions know who hashes, about how many there are, and all shares", "[registry]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    bench b;
    std::mt19937 random(seed);
    std::set<std::uint32_t> here;
    std::set<std::uint32_t> hashing;
    for (int step = 0; step < 600; ++step) {
      const std::uint32_t n = random() % 60;
      // Grows first, then shrinks.
      const bool grows = random() % 100 < (step < 300 ? 80U : 30U);
      if (!here.contains(n)) {
        if (!grows) continue;
        b.join(n);
        here.insert(n);
      } else if (!grows && random() % 2 == 0) {
        b.leave(n);
        here.erase(n);
        hashing.erase(n);
      } else if (random() % 3 == 0) {
        const bool does = random() % 2 == 0;
        b.hash(n, does);
        if (does) hashing.insert(n);
        if (!does) hashing.erase(n);
      } else {
        b.publish(n, random() % 5, random() % 1001);
      }
      if (random() % 3 == 0) b.tick();
    }
    for (int i = 0; i < 3; ++i) b.tick(registry::small_changes_interval);
    for (const auto& [of, known] : b.seen) {
      const std::size_t off = std::max(known.peer_count(), here.size()) - std::min(known.peer_count(), here.size());
      CHECK(off <= 1);
      for (const std::uint32_t n : hashing) CHECK(known.peer(peer(n)) != nullptr);
      for (const auto* row : known.peers()) {
        CHECK(b.subject.session_of(row->peer).has_value());
        if (known.has_unlisted(0)) CHECK_FALSE(row->hashing.empty());
      }
      if (!known.has_unlisted(0)) CHECK(known.peers().size() == here.size());
      for (std::uint32_t of_share = 0; of_share < 5; ++of_share) {
        const auto row = known.share(share(of_share));
        CHECK((row ? row->seeders + row->leechers : 0) == b.subject.holders_of(share(of_share)));
      }
    }
  }
}
