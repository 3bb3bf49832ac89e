// Sessions that only look are told what peers are told, and are no peers.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "directory/registry.hpp"

using namespace shoal;

namespace {

tracker_session_id session(std::uint32_t n) {
  return tracker_session_id{n};
}
share_id share(std::uint8_t n) {
  share_id id;
  id.bytes[31] = n;
  return id;
}

struct bench {
  registry subject;
  time_point now{std::chrono::hours(1)};

  explicit bench(const registry::limits& bounds = {}) : subject(bounds) {}

  result<std::optional<tracker_session_id>> join(std::uint32_t n, const std::string& host = "192.0.2.1") {
    registry::newcomer one;
    store_be32(one.row.peer.bytes.data(), n);
    one.row.name = "p";
    one.row.address = host;
    one.row.port = 7000;
    one.row.reachable = true;
    one.observed = host;
    return subject.on_join(session(n), one, now);
  }
  result<std::optional<tracker_session_id>> look(std::uint32_t n, const std::string& host = "192.0.2.1") {
    auto looks = subject.on_look(session(n), host, now);
    subject.check_invariants();
    return looks;
  }
  bool offer(std::uint32_t n, std::uint8_t what) {
    tracking::share_offer one;
    one.id = share(what);
    one.name = "s";
    one.bytes = one.have = 10;
    return subject.on_publish(session(n), tracking::publish{{one}}, now).has_value();
  }
  registry::batch tick(duration after = registry::batch_interval) {
    subject.check_invariants();
    now += after;
    auto out = subject.next_batch(now);
    subject.check_invariants();
    return out;
  }
};

bool holds(const std::vector<tracker_session_id>& list, std::uint32_t n) {
  return std::ranges::count(list, session(n)) == 1;
}

}  // namespace

TEST_CASE("who looks is told everything, and is told of by nobody", "[registry]") {
  bench b;
  REQUIRE(b.join(1).has_value());
  (void)b.tick();
  REQUIRE(b.look(2).has_value());
  CHECK(b.subject.peer_count() == 1);
  CHECK(b.subject.looker_count() == 1);
  const auto first = b.tick();
  CHECK_FALSE(first.delta);
  REQUIRE(first.snapshot);
  CHECK(first.snapshot->to == std::vector{session(2)});
  CHECK(first.snapshot->message.peers.size() == 1);

  REQUIRE(b.offer(1, 5));
  const auto second = b.tick();
  REQUIRE(second.delta);
  CHECK(holds(second.delta->to, 1));
  CHECK(holds(second.delta->to, 2));
  CHECK(second.delta->message.seq == first.snapshot->message.seq + 1);

  // A gap is filled like that of a peer.
  b.subject.on_resync(session(2), b.now);
  const auto third = b.tick();
  REQUIRE(third.snapshot);
  CHECK(third.snapshot->to == std::vector{session(2)});

  b.subject.on_leave(session(2), b.now);
  CHECK(b.subject.looker_count() == 0);
  CHECK_FALSE(b.tick().delta);
  REQUIRE(b.offer(1, 6));
  CHECK_FALSE(holds(b.tick().delta->to, 2));
}

TEST_CASE("who looks may watch a share", "[registry]") {
  bench b;
  REQUIRE(b.join(1).has_value());
  REQUIRE(b.join(3, "192.0.2.3").has_value());
  REQUIRE(b.offer(1, 5));
  REQUIRE(b.look(2).has_value());
  REQUIRE(b.subject.on_watch(session(2), tracking::watch{share(5)}, b.now).has_value());
  const auto first = b.tick();
  REQUIRE(first.swarms.size() == 1);
  CHECK(first.swarms[0].to == std::vector{session(2)});
  CHECK(first.swarms[0].message.joined.size() == 1);
  REQUIRE(b.offer(3, 5));
  const auto second = b.tick();
  REQUIRE(second.swarms.size() == 1);
  CHECK(second.swarms[0].to == std::vector{session(2)});
  b.subject.on_unwatch(session(2), tracking::unwatch{share(5)});
  b.subject.on_leave(session(3), b.now);
  CHECK(b.tick().swarms.empty());
  // Its watches go with it, and nobody is left to pay for the share.
  REQUIRE(b.subject.on_watch(session(2), tracking::watch{share(9)}, b.now).has_value());
  b.subject.on_leave(session(2), b.now);
  b.subject.on_leave(session(1), b.now);
  (void)b.tick();
  CHECK(b.subject.share_count() == 0);
}

TEST_CASE("what only a peer may say changes nothing", "[registry]") {
  bench b;
  REQUIRE(b.join(1).has_value());
  REQUIRE(b.offer(1, 5));
  REQUIRE(b.look(2).has_value());
  (void)b.tick();
  CHECK(b.offer(2, 6));
  CHECK(b.subject.on_hashing(session(2), tracking::hashing{{{"h", 1, 0}}}, b.now).has_value());
  b.subject.on_progress(session(2), tracking::progress{share(5), 1}, b.now);
  b.subject.on_withdraw(session(2), tracking::withdraw{{share(5)}}, b.now);
  b.subject.on_reachable(session(2), true, b.now);
  REQUIRE(b.subject.on_watch(session(2), tracking::watch{share(5)}, b.now).has_value());
  (void)b.tick();
  b.subject.on_unreached(session(2), tracking::unreached{share(5), {}}, b.now);
  const auto told = b.tick();
  CHECK_FALSE(told.delta);
  CHECK(told.wanted.empty());
  CHECK(b.subject.share_count() == 1);
  CHECK(b.subject.snapshot().peers.size() == 1);
}

TEST_CASE("lookers of one address leave room to others, and to peers", "[registry]") {
  bench b({.sessions_per_address_max = 1, .peers_max = 2, .lookers_max = 4, .lookers_per_address_max = 3});
  for (std::uint32_t n = 1; n <= 3; ++n) REQUIRE(b.look(n, "a").has_value());
  const auto one_more = b.look(4, "a");
  REQUIRE(one_more.has_error());
  CHECK(one_more.error().code == errc::limit);
  CHECK(one_more.error().text.find("from a") != std::string::npos);
  REQUIRE(b.look(5, "b").has_value());
  // The first of the address that has most gives way.
  const auto other = b.look(6, "c");
  REQUIRE(other.has_value());
  CHECK(*other == std::optional(session(1)));
  CHECK(b.subject.looker_count() == 4);
  // But not for one that would then have as many.
  const auto equal = b.look(7, "b");
  REQUIRE(equal.has_error());
  CHECK(equal.error().code == errc::limit);
  CHECK(b.join(11, "a").has_value());
  CHECK(b.join(12, "b").has_value());
  CHECK(b.join(13, "a").has_error());
  const auto all = b.tick();
  REQUIRE(all.snapshot);
  CHECK(all.snapshot->to.size() == 6);
  CHECK_FALSE(holds(all.snapshot->to, 1));
}

TEST_CASE("peers and lookers that come and go leave no trace", "[registry]") {
  bench b({.lookers_max = 5, .lookers_per_address_max = 2});
  std::minstd_rand random(7);
  std::uint32_t next = 1;
  std::vector<std::uint32_t> here;
  for (int i = 0; i < 3000; ++i) {
    const std::string host(1, static_cast<char>('a' + random() % 4));
    const auto what = random() % 8;
    const std::uint32_t n = here.empty() ? 0 : here[random() % here.size()];
    if (what == 0 && b.join(next, host)) here.push_back(next);
    if (what == 1) {
      if (const auto taken = b.look(next, host)) {
        here.push_back(next);
        if (*taken) std::erase_if(here, [&](std::uint32_t one) { return session(one) == **taken; });
      }
    }
    ++next;
    if (what == 2) {
      b.subject.on_leave(session(n), b.now);
      std::erase(here, n);
    }
    if (what == 3) (void)b.offer(n, static_cast<std::uint8_t>(random() % 4));
    if (what == 4) (void)b.subject.on_watch(session(n), tracking::watch{share(random() % 4)}, b.now);
    if (what == 5) b.subject.on_unwatch(session(n), tracking::unwatch{share(random() % 4)});
    if (what == 6) b.subject.on_resync(session(n), b.now);
    if (what == 7) (void)b.tick();
    b.subject.check_invariants();
  }
  for (const std::uint32_t n : here) b.subject.on_leave(session(n), b.now);
  (void)b.tick();
  CHECK(b.subject.peer_count() == 0);
  CHECK(b.subject.looker_count() == 0);
  CHECK(b.subject.share_count() == 0);
}
