// What a share is called and how large it is, where its holders differ.
#include <catch2/catch.hpp>
#include <random>

#include "directory/registry.hpp"

using namespace shoal;

namespace {

tracker_session_id session(std::uint32_t n) {
  return tracker_session_id{n};
}

share_id share() {
  share_id id;
  id.bytes[31] = 1;
  return id;
}

struct bench {
  registry subject;
  time_point now{std::chrono::hours(1)};

  // Session and peer `n`, of host `host`.
  void join(std::uint32_t n, std::uint8_t host, bool reachable = true) {
    registry::newcomer one;
    store_be32(one.row.peer.bytes.data(), n);
    one.row.name = "p";
    one.row.port = 7;
    one.row.reachable = reachable;
    one.observed = "192.0.2." + std::to_string(host);
    REQUIRE(subject.on_join(session(n), one, now).has_value());
  }
  void publish(std::uint32_t n, const std::string& name, std::uint64_t bytes, std::uint64_t have) {
    tracking::share_offer one{share(), name, bytes, 1, have};
    REQUIRE(subject.on_publish(session(n), tracking::publish{{one}}, now).has_value());
    subject.check_invariants();
  }
  registry::batch tick() {
    now += registry::batch_interval;
    auto out = subject.next_batch(now);
    subject.check_invariants();
    return out;
  }
  tracking::share_row row() {
    (void)tick();
    const auto rows = subject.snapshot().shares;
    return rows.empty() ? tracking::share_row{} : rows.front();
  }
};

}  // namespace

TEST_CASE("the first that publishes an id does not name it for all", "[registry_claims]") {
  bench b;
  b.join(1, 1, false);
  b.join(2, 2);
  b.publish(1, "virus.exe", 1, 1);
  CHECK(b.row().name == "virus.exe");
  b.publish(2, "honest", 1000, 1000);
  const auto batch = b.tick();
  REQUIRE(batch.delta);
  REQUIRE(batch.delta->message.published.size() == 1);
  const auto& row = batch.delta->message.published.front();
  CHECK(row.name == "honest");
  CHECK(row.bytes == 1000);
  CHECK(row.seeders == 1);
  CHECK(row.held == 1000);
}

TEST_CASE("one attacker counts once, however often it joins", "[registry_claims]") {
  bench b;
  for (std::uint32_t n = 1; n <= 50; ++n) {
    b.join(n, 1);
    b.publish(n, "virus.exe", 1, 1);
  }
  b.join(100, 2);
  b.publish(100, "honest", 1000, 1000);
  b.join(101, 3);
  b.publish(101, "honest", 1000, 10);
  const auto row = b.row();
  CHECK(row.name == "honest");
  CHECK(row.seeders == 1);
  CHECK(row.leechers == 1);
  CHECK(row.held == 1010);
}

TEST_CASE("who holds something counts before who holds nothing", "[registry_claims]") {
  bench b;
  b.join(1, 1);
  b.join(2, 2);
  b.join(3, 3);
  b.publish(1, "virus.exe", 5000, 0);
  b.publish(2, "virus.exe", 5000, 0);
  b.publish(3, "honest", 1000, 1000);
  CHECK(b.row().name == "honest");
}

TEST_CASE("when the holders of a claim leave, the row changes", "[registry_claims]") {
  bench b;
  b.join(1, 1);
  b.join(2, 2);
  b.publish(1, "first", 10, 10);
  b.publish(2, "second", 20, 20);
  CHECK(b.row().name == "first");
  b.subject.on_leave(session(1), b.now);
  const auto row = b.row();
  CHECK(row.name == "second");
  CHECK(row.bytes == 20);
  CHECK(row.seeders == 1);
  b.publish(2, "third", 30, 3);
  const auto renamed = b.row();
  CHECK(renamed.name == "third");
  CHECK(renamed.leechers == 1);
  CHECK(renamed.held == 3);
}

TEST_CASE("claims of all kinds come and go, and the counts stay right", "[registry_claims]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    bench b;
    for (std::uint32_t n = 1; n <= 12; ++n) b.join(n, static_cast<std::uint8_t>(n / 2), n % 3 != 0);
    for (int step = 0; step < 300; ++step) {
      const std::uint32_t n = 1 + random() % 12;
      const std::uint64_t bytes = 10 * (random() % 3);
      switch (random() % 4) {
        case 0:
          b.subject.on_withdraw(session(n), tracking::withdraw{{share()}}, b.now);
          break;
        case 1:
          b.subject.on_progress(session(n), tracking::progress{share(), random() % 30}, b.now);
          break;
        default:
          b.publish(n, "name" + std::to_string(random() % 2), bytes, bytes == 0 ? 0 : random() % bytes);
      }
      b.subject.check_invariants();
      if (random() % 3 == 0) (void)b.tick();
    }
  }
}
