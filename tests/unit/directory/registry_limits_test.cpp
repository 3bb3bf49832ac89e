// What a tracker lists is bounded as a whole, and for one address.
#include <catch2/catch.hpp>

#include "directory/registry.hpp"

using namespace shoal;

namespace {

tracker_session_id session(std::uint32_t n) {
  return tracker_session_id{n};
}

struct bench {
  registry subject;
  time_point now{std::chrono::hours(1)};

  explicit bench(const registry::limits& bounds) : subject(bounds) {}

  result<std::optional<tracker_session_id>> join(std::uint32_t n, const std::string& host) {
    registry::newcomer one;
    store_be32(one.row.peer.bytes.data(), n);
    one.row.name = "p";
    one.observed = host;
    return subject.on_join(session(n), one, now);
  }
  // Offers shares from `first` on until one is refused, at most `count`. Returns how many were taken.
  std::uint32_t offer(std::uint32_t n, std::uint32_t first, std::uint32_t count, std::size_t name_bytes = 200) {
    for (std::uint32_t i = 0; i < count; ++i) {
      tracking::share_offer one;
      store_be32(one.id.bytes.data(), first + i);
      one.name.assign(name_bytes, '"');
      const auto taken = subject.on_publish(session(n), tracking::publish{{one}}, now);
      if (taken) continue;
      CHECK(taken.error().code == errc::limit);
      return i;
    }
    return count;
  }
  std::size_t snapshot_bytes() const { return tracking::encode(tracking::tracker_message{subject.snapshot()}).size(); }
};

}  // namespace

TEST_CASE("a snapshot never grows beyond its limit, whatever is published", "[registry_limits]") {
  registry::limits bounds;
  bounds.bytes_max = 300'000;
  bounds.bytes_per_address_max = 100'000;
  bench b(bounds);
  std::uint32_t taken = 0;
  for (std::uint32_t n = 1; n <= 8; ++n) REQUIRE(b.join(n, "host" + std::to_string(n)).has_value());
  for (std::uint32_t n = 1; n <= 8; ++n) taken += b.offer(n, n * 1000, 1000);
  b.subject.check_invariants();
  CHECK(taken > 200);
  CHECK(b.snapshot_bytes() <= bounds.bytes_max);
  REQUIRE(b.join(9, "host9").has_value());
  CHECK(b.offer(9, 90'000, 10) < 10);
  // Names that grow afterwards do not help.
  for (std::uint32_t n = 1; n <= 8; ++n) (void)b.offer(n, n * 1000, 1000, 255);
  b.now += registry::batch_interval;
  (void)b.subject.next_batch(b.now);
  b.subject.check_invariants();
  CHECK(b.snapshot_bytes() <= bounds.bytes_max);
  // Who leaves makes room.
  b.subject.on_leave(session(1), b.now);
  CHECK(b.offer(9, 90'000, 10) == 10);
}

TEST_CASE("one address takes a part of the list", "[registry_limits]") {
  registry::limits bounds;
  bounds.bytes_per_address_max = 100'000;
  bench b(bounds);
  for (std::uint32_t n = 1; n <= 5; ++n) REQUIRE(b.join(n, "crowd").has_value());
  const std::uint32_t first = b.offer(1, 0, 1000);
  CHECK(first > 50);
  CHECK(first < 150);
  CHECK(b.offer(2, 10'000, 10) == 0);
  // What is listed already costs nothing more.
  CHECK(b.offer(2, 0, first) == first);
  REQUIRE(b.join(9, "elsewhere").has_value());
  CHECK(b.offer(9, 20'000, 50) == 50);
  // A share that another holds as well is paid for by the other, once the first has gone.
  CHECK(b.offer(9, 0, 20) == 20);
  b.subject.on_leave(session(1), b.now);
  b.subject.on_leave(session(2), b.now);
  b.subject.check_invariants();
  CHECK(b.offer(3, 30'000, 60) == 60);
}

TEST_CASE("what peers hash is part of the list", "[registry_limits]") {
  registry::limits bounds;
  bounds.bytes_per_address_max = 100'000;
  bench b(bounds);
  REQUIRE(b.join(1, "host").has_value());
  tracking::hashing some;
  some.shares.assign(100, {std::string(100, 'x'), 1, 0});
  REQUIRE(b.subject.on_hashing(session(1), some, b.now).has_value());
  tracking::hashing many;
  many.shares.assign(1000, {std::string(100, 'x'), 1, 0});
  const auto refused = b.subject.on_hashing(session(1), many, b.now);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::limit);
  CHECK(b.subject.snapshot().peers.front().hashing.size() == 100);
  b.subject.check_invariants();
}

TEST_CASE("offers and watches of one address are counted", "[registry_limits]") {
  registry::limits bounds;
  bounds.offers_per_address_max = 10;
  bounds.watches_per_address_max = 10;
  bounds.shares_max = 12;
  bench b(bounds);
  for (std::uint32_t n = 1; n <= 3; ++n) REQUIRE(b.join(n, n < 3 ? "host" : "other").has_value());
  CHECK(b.offer(1, 0, 7) == 7);
  CHECK(b.offer(2, 0, 7) == 3);
  CHECK(b.offer(3, 100, 10) == 5);  // 12 in all
  std::uint32_t watched = 0;
  for (std::uint32_t i = 0; i < 20; ++i) {
    share_id id;
    store_be32(id.bytes.data(), 1000 + i);
    watched += b.subject.on_watch(session(1 + i % 2), tracking::watch{id}, b.now).has_value() ? 1u : 0u;
  }
  CHECK(watched == 10);
  b.subject.check_invariants();
}

TEST_CASE("of shares that nobody holds an address watches some", "[registry_limits]") {
  registry::limits bounds;
  bounds.absent_per_address_max = 4;
  bench b(bounds);
  for (std::uint32_t n = 1; n <= 4; ++n) REQUIRE(b.join(n, n < 3 ? "host" : "other").has_value());
  const auto watch = [&](std::uint32_t n, std::uint32_t of) {
    share_id id;
    store_be32(id.bytes.data(), of);
    const bool done = b.subject.on_watch(session(n), tracking::watch{id}, b.now).has_value();
    b.subject.check_invariants();
    return done;
  };
  const auto unwatch = [&](std::uint32_t n, std::uint32_t of) {
    share_id id;
    store_be32(id.bytes.data(), of);
    b.subject.on_unwatch(session(n), tracking::unwatch{id});
    b.subject.check_invariants();
  };
  for (std::uint32_t of = 1000; of < 1004; ++of) REQUIRE(watch(1 + of % 2, of));
  CHECK_FALSE(watch(1, 1004));
  // Others may, and then it costs nothing to watch it as well.
  CHECK(watch(3, 1004));
  CHECK(watch(1, 1004));
  // Nor does a share that somebody holds.
  REQUIRE(b.offer(4, 0, 3) == 3);
  CHECK(watch(1, 0));
  CHECK(watch(2, 1));
  unwatch(2, 1001);
  unwatch(1, 1004);
  CHECK(watch(1, 1005));
  CHECK_FALSE(watch(1, 1006));
  // What is published is here, and what is withdrawn is absent again.
  REQUIRE(b.offer(4, 1000, 1) == 1);
  b.subject.check_invariants();
  CHECK(watch(2, 1006));
  share_id back;
  store_be32(back.bytes.data(), 1000);
  b.subject.on_withdraw(session(4), {{back}}, b.now);
  b.subject.check_invariants();
  for (std::uint32_t n = 1; n <= 4; ++n) b.subject.on_leave(session(n), b.now);
  (void)b.subject.next_batch(b.now + std::chrono::minutes(1));
  b.subject.check_invariants();
}

TEST_CASE("what a talkative peer changes is told late, or together with what others change", "[registry]") {
  bench b({});
  for (std::uint32_t n = 1; n <= 2; ++n) REQUIRE(b.join(n, "host").has_value());
  const auto tick = [&] {
    b.now += registry::batch_interval;
    return b.subject.next_batch(b.now).delta;
  };
  (void)tick();
  b.subject.on_talkative(session(1), true);
  // As long as telling costs nothing, it is told as everything is.
  REQUIRE(b.offer(1, 40, 1) == 1);
  CHECK(tick().has_value());
  b.subject.on_told(std::chrono::milliseconds(10));
  b.now += registry::telling_delay;
  REQUIRE(b.offer(1, 0, 1) == 1);
  CHECK(b.subject.next_deadline() == b.now + registry::talkative_interval);
  CHECK_FALSE(tick().has_value());
  REQUIRE(b.offer(2, 10, 1) == 1);
  b.now += registry::telling_delay;
  const auto both = tick();
  REQUIRE(both.has_value());
  CHECK(both->message.published.size() == 2);
  CHECK(b.subject.next_deadline() == never);
  REQUIRE(b.offer(1, 20, 1) == 1);
  b.subject.on_talkative(session(1), false);
  REQUIRE(b.offer(1, 30, 1) == 1);
  b.now += registry::telling_delay;
  CHECK(tick().has_value());
}
