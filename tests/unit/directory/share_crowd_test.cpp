#include "directory/share_crowd.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "directory/registry.hpp"
#include "unit/directory/large_swarm.hpp"

using namespace shoal;
using shoal::testing::newcomer;
using shoal::testing::peer;
using shoal::testing::session;

namespace {

using sessions = std::vector<tracker_session_id>;

std::set<tracker_session_id> set_of(const sessions& from) {
  return {from.begin(), from.end()};
}
const auto nobody = [](tracker_session_id) { return false; };
const auto everybody = [](tracker_session_id) { return true; };

// A registry with one share, and what its watchers know.
struct swarm_bench {
  static constexpr share_crowd::limits bounds{.told_max = 40, .told_min = 20, .seeders_min = 5};
  registry subject{registry::limits{.crowd = bounds}};
  time_point now{std::chrono::hours(1)};
  std::map<tracker_session_id, std::set<peer_id>> known;

  void join(std::uint32_t n) {
    REQUIRE(subject.on_join(session(n), newcomer(n), now).has_value());
    REQUIRE(
        subject.on_publish(session(n), tracking::publish{{{share_id{}, "s", 100, 1, n % 10 == 0 ? 100U : 0U, {}}}}, now)
            .has_value());
  }
  void watch(std::uint32_t n) {
    REQUIRE(subject.on_watch(session(n), tracking::watch{share_id{}}, now).has_value());
    known[session(n)];
  }
  void leave(std::uint32_t n) {
    subject.on_leave(session(n), now);
    known.erase(session(n));
  }
  // All batches that are due.
  std::size_t tell() {
    std::size_t rows = 0;
    now += registry::batch_interval;
    for (int i = 0; subject.next_deadline() != never && i < 1000; ++i) {
      now = std::max(now, subject.next_deadline());
      const auto batch = subject.next_batch(now);
      subject.check_invariants();
      for (const auto& one : batch.swarms) {
        for (const auto to : one.to) {
          auto& mine = known.at(to);
          rows += one.message.joined.size();
          for (const auto& row : one.message.joined) mine.insert(row.peer);
          for (const peer_id& gone : one.message.left) mine.erase(gone);
        }
      }
    }
    return rows;
  }
};

// Members of the largest part in which each can reach each by who knows whom, in either direction.
std::size_t largest_part(const swarm_bench& b) {
  std::map<peer_id, peer_id> root;
  for (const auto& [of, mine] : b.known) {
    const peer_id self = peer(static_cast<std::uint32_t>(of.value()));
    root.try_emplace(self, self);
  }
  const auto find = [&root](peer_id one) {
    while (root.at(one) != one) one = root[one] = root.at(root.at(one));
    return one;
  };
  for (const auto& [of, mine] : b.known) {
    for (const peer_id& other : mine) {
      if (root.contains(other)) root[find(other)] = find(peer(static_cast<std::uint32_t>(of.value())));
    }
  }
  std::map<peer_id, std::size_t> sizes;
  std::size_t most = 0;
  for (const auto& [one, up] : root) most = std::max(most, ++sizes[find(one)]);
  return most;
}

}  // namespace

TEST_CASE("a pool draws each member as often", "[share_crowd]") {
  random_pool pool;
  for (std::uint32_t n = 0; n < 20; ++n) pool.insert(session(n));
  pool.insert(session(3));
  CHECK(pool.erase(session(7)));
  CHECK_FALSE(pool.erase(session(7)));
  std::mt19937_64 random(1);
  std::map<tracker_session_id, int> drawn;
  for (int i = 0; i < 10'000; ++i) {
    const auto some = pool.draw(5, random);
    REQUIRE(set_of(some).size() == 5);
    for (const auto one : some) ++drawn[one];
  }
  CHECK(drawn.size() == 19);
  for (const auto& [one, times] : drawn) CHECK(std::abs(times - 10'000 * 5 / 19) < 250);
  CHECK(pool.draw(100, random).size() == 19);
}

TEST_CASE("a choice has seeders, and no more holders than it may", "[share_crowd]") {
  share_crowd crowd({.told_max = 20, .told_min = 10, .seeders_min = 5}, 1);
  for (std::uint32_t n = 0; n < 1000; ++n) crowd.on_holder(session(n), n < 8);
  const auto chosen = crowd.choose({session(2000), session(2001)});
  CHECK(set_of(chosen).size() == 20);
  CHECK(std::ranges::count_if(chosen, [](tracker_session_id one) { return one < session(8); }) == 5);
  for (std::uint32_t n = 8; n < 1000; ++n) crowd.on_seeder(session(n), true);
  CHECK(set_of(crowd.choose({session(2000)})).size() == 20);
  crowd.check_invariants();
  // Whoever asks again gets others.
  CHECK(crowd.choose({session(2000)}) != crowd.choose({session(2000)}));
}

TEST_CASE("a holder that does not watch is told to some, one that does looks by itself", "[share_crowd]") {
  share_crowd crowd({.told_max = 20, .told_min = 10, .seeders_min = 5}, 1);
  for (std::uint32_t n = 0; n < 100; ++n) crowd.on_holder(session(n), false);
  for (std::uint32_t n = 0; n < 100; ++n) (void)crowd.choose({session(n)});
  CHECK_FALSE(crowd.has_news());
  crowd.on_holder(session(500), true);
  const auto news = crowd.take_news(nobody);
  CHECK(news.size() == 20);
  for (const auto& one : news) CHECK(one.joined == sessions{session(500)});
  crowd.on_holder(session(501), true);
  CHECK(crowd.take_news(everybody).empty());
  crowd.check_invariants();
}

TEST_CASE("whoever was told of a holder hears that it is gone, and gets others when few are left", "[share_crowd]") {
  share_crowd crowd({.told_max = 20, .told_min = 10, .seeders_min = 5}, 1);
  for (std::uint32_t n = 0; n < 200; ++n) crowd.on_holder(session(n), false);
  auto left = set_of(crowd.choose({session(1000)}));
  std::size_t told = 0;
  for (std::uint32_t n = 0; n < 200; ++n) {
    if (!left.contains(session(n))) continue;
    crowd.on_holder_gone(session(n), peer(n));
    left.erase(session(n));
    const auto news = crowd.take_news(nobody);
    crowd.check_invariants();
    REQUIRE(news.size() == 1);
    CHECK(news[0].watcher == session(1000));
    CHECK(news[0].left == std::vector{peer(n)});
    ++told;
    if (left.size() >= 10) {
      CHECK(news[0].joined.empty());
    } else {
      CHECK(set_of(news[0].joined).size() == 20);
      break;
    }
  }
  CHECK(told == 11);
}

TEST_CASE("in a crowd each watcher knows a part, and all are connected", "[share_crowd][registry]") {
  swarm_bench b;
  for (std::uint32_t n = 0; n < 600; ++n) {
    b.join(n);
    if (n % 10 != 0) b.watch(n);
    if (n % 50 == 0) (void)b.tell();
  }
  (void)b.tell();
  for (const auto& [of, mine] : b.known) CHECK(mine.size() >= swarm_bench::bounds.told_min - 1);
  CHECK(largest_part(b) == b.known.size());
  // One more costs a choice, and is told to nobody.
  b.join(601);
  b.watch(601);
  CHECK(b.tell() <= swarm_bench::bounds.told_max);
  // A seeder more is told to some.
  b.join(610);
  const std::size_t rows = b.tell();
  CHECK(rows > 0);
  CHECK(rows <= swarm_bench::bounds.told_max);
}

TEST_CASE("when most of a crowd have gone, each knows the others", "[share_crowd][registry]") {
  swarm_bench b;
  for (std::uint32_t n = 0; n < 200; ++n) {
    b.join(n);
    if (n % 10 != 0) b.watch(n);
  }
  (void)b.tell();
  for (std::uint32_t n = 0; n < 185; ++n) {
    b.leave(n);
    if (n % 7 == 0) (void)b.tell();
  }
  (void)b.tell();
  for (const auto& [of, mine] : b.known) {
    for (std::uint32_t n = 185; n < 200; ++n) CHECK((mine.contains(peer(n)) || session(n) == of));
  }
}

TEST_CASE("a watcher that lacks sources is told of others", "[share_crowd][registry]") {
  swarm_bench b;
  for (std::uint32_t n = 0; n < 300; ++n) b.join(n);
  b.watch(1);
  (void)b.tell();
  const auto first = b.known.at(session(1));
  CHECK(first.size() == swarm_bench::bounds.told_max);
  b.now += registry::unreached_interval;
  b.subject.on_unreached(session(1), tracking::unreached{share_id{}, {}}, b.now);
  (void)b.tell();
  CHECK(b.known.at(session(1)).size() > first.size());
}

TEST_CASE("whatever happens in a crowd, each watcher knows enough of those that are here", "[share_crowd][registry]") {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    swarm_bench b;
    std::mt19937 random(seed);
    std::set<std::uint32_t> here;
    std::set<peer_id> reachable;
    for (int step = 0; step < 2000; ++step) {
      const std::uint32_t n = random() % 150;
      const bool grows = random() % 100 < (step % 1000 < 500 ? 80U : 25U);
      if (!here.contains(n) && grows) {
        b.join(n);
        here.insert(n);
        reachable.insert(peer(n));
        if (random() % 4 != 0) b.watch(n);
      } else if (here.contains(n) && !grows) {
        b.leave(n);
        here.erase(n);
        reachable.erase(peer(n));
      } else if (here.contains(n)) {
        const bool is = random() % 4 != 0;
        b.subject.on_reachable(session(n), is, b.now);
        if (is) reachable.insert(peer(n));
        if (!is) reachable.erase(peer(n));
      }
      if (random() % 5 == 0) (void)b.tell();
    }
    (void)b.tell();
    for (const auto& [of, mine] : b.known) {
      const peer_id self = peer(static_cast<std::uint32_t>(of.value()));
      const std::size_t others = reachable.size() - reachable.count(self);
      const auto lives = [&](const peer_id& one) { return one != self && reachable.contains(one); };
      const auto known = static_cast<std::size_t>(std::ranges::count_if(mine, lives));
      CHECK(known >= std::min(others, swarm_bench::bounds.told_min - 1));
    }
  }
}
