#include "directory/registry.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

using namespace shoal;

namespace {

const time_point start{std::chrono::hours(1)};

tracker_session_id session(std::uint32_t n) {
  return tracker_session_id{n};
}
peer_id peer(std::uint8_t n) {
  peer_id id;
  id.bytes[19] = n;
  return id;
}
share_id share(std::uint8_t n) {
  share_id id;
  id.bytes[31] = n;
  return id;
}
tracking::peer_row row(std::uint8_t n, bool reachable = true) {
  tracking::peer_row out;
  out.peer = peer(n);
  out.name = "host" + std::to_string(n);
  out.address = "192.0.2." + std::to_string(n);
  out.port = static_cast<std::uint16_t>(7000 + n);
  out.reachable = reachable;
  return out;
}
tracking::publish offer(std::uint8_t n, std::uint64_t have, std::uint64_t bytes = 1000) {
  tracking::share_offer one;
  one.id = share(n);
  one.name = "share" + std::to_string(n);
  one.bytes = bytes;
  one.files = 1;
  one.have = have;
  return tracking::publish{{one}};
}

registry::newcomer newcomer(std::uint8_t n, bool reachable = true) {
  tracking::join_token token;
  token.bytes.fill(static_cast<std::uint8_t>(n + 1));
  return {row(n, reachable), "192.0.2." + std::to_string(n), token};
}

// The registry with a clock: each tick() is far enough from the last for a batch.
struct bench {
  registry subject;
  time_point now = start;

  explicit bench(const registry::limits& bounds = {}) : subject(bounds) {}
  auto join(std::uint32_t s, std::uint8_t p, bool reachable = true) {
    return subject.on_join(session(s), newcomer(p, reachable), now);
  }
  registry::batch tick() {
    subject.check_invariants();
    now += registry::batch_interval;
    auto out = subject.next_batch(now);
    subject.check_invariants();
    return out;
  }
};

const tracking::swarm* swarm_to(const registry::batch& batch, std::uint32_t s) {
  for (const auto& one : batch.swarms) {
    if (std::count(one.to.begin(), one.to.end(), session(s)) != 0) return &one.message;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a newcomer gets a snapshot, the others a delta", "[registry]") {
  bench b;
  REQUIRE(b.join(1, 1).has_value());
  auto first = b.tick();
  CHECK_FALSE(first.delta);
  REQUIRE(first.snapshot);
  CHECK(first.snapshot->to == std::vector{session(1)});
  CHECK(first.snapshot->message.peers == std::vector{row(1)});

  REQUIRE(b.join(2, 2).has_value());
  REQUIRE(b.subject.on_publish(session(2), offer(5, 400), b.now).has_value());
  auto second = b.tick();
  REQUIRE(second.delta);
  CHECK(second.delta->to == std::vector{session(1)});
  CHECK(second.delta->message.seq == first.snapshot->message.seq + 1);
  CHECK(second.delta->message.joined == std::vector{row(2)});
  REQUIRE(second.delta->message.published.size() == 1);
  CHECK(second.delta->message.published[0].leechers == 1);
  CHECK(second.delta->message.published[0].held == 400);
  REQUIRE(second.snapshot);
  CHECK(second.snapshot->message.seq == second.delta->message.seq);
  CHECK(second.snapshot->message.peers.size() == 2);
  CHECK(second.snapshot->message.shares == second.delta->message.published);
}

TEST_CASE("changes are told at once, then in batches", "[registry]") {
  bench b;
  CHECK(b.subject.next_deadline() == never);
  REQUIRE(b.join(1, 1).has_value());
  CHECK(b.subject.next_deadline() == start);
  (void)b.subject.next_batch(start);
  CHECK(b.subject.next_deadline() == never);
  REQUIRE(b.subject.on_publish(session(1), offer(1, 1000), start).has_value());
  CHECK(b.subject.next_deadline() == start + registry::batch_interval);
  CHECK_FALSE(b.subject.next_batch(start).delta);
  CHECK(b.subject.next_batch(start + registry::batch_interval).delta);
}

TEST_CASE("what is told in long takes its time, and watchers do not wait for it", "[registry]") {
  bench b;
  REQUIRE(b.join(1, 1).has_value());
  (void)b.subject.next_batch(start);
  REQUIRE(b.subject.on_publish(session(1), offer(1, 1000), start).has_value());
  CHECK(b.subject.next_deadline() == start + registry::batch_interval);
  b.subject.on_told(std::chrono::milliseconds(10));
  CHECK(b.subject.next_deadline() == start + registry::telling_delay);
  for (const bool talks : {true, false}) {
    b.subject.on_talkative(session(1), talks);
    REQUIRE(b.subject.on_watch(session(1), tracking::watch{share(talks ? 1 : 2)}, start).has_value());
    CHECK(b.subject.next_deadline() == start + (talks ? registry::telling_delay : duration()));
  }
}

TEST_CASE("a new watcher does not wait for the next batch", "[registry]") {
  bench b;
  for (std::uint8_t n = 1; n <= 4; ++n) REQUIRE(b.join(n, n).has_value());
  REQUIRE(b.subject.on_publish(session(1), offer(7, 1000), b.now).has_value());
  (void)b.tick();
  REQUIRE(b.subject.on_publish(session(2), offer(7, 0), b.now).has_value());
  REQUIRE(b.subject.on_watch(session(3), tracking::watch{share(7)}, b.now).has_value());
  CHECK(b.subject.next_deadline() == b.now);
  const auto answer = b.subject.next_batch(b.now);
  b.subject.check_invariants();
  CHECK_FALSE(answer.delta);
  REQUIRE(swarm_to(answer, 3) != nullptr);
  CHECK(swarm_to(answer, 3)->joined.size() == 2);

  // Who asks right after that waits for others who do.
  REQUIRE(b.subject.on_watch(session(4), tracking::watch{share(7)}, b.now).has_value());
  CHECK(b.subject.next_deadline() == b.now + registry::answer_interval);
  CHECK(b.subject.next_batch(b.now).swarms.empty());
  CHECK(swarm_to(b.subject.next_batch(b.now + registry::answer_interval), 4) != nullptr);
  CHECK(b.subject.next_deadline() == b.now + registry::batch_interval);
  CHECK(b.tick().delta);
}

TEST_CASE("a newcomer that watches is told after its snapshot", "[registry]") {
  bench b;
  REQUIRE(b.join(1, 1).has_value());
  REQUIRE(b.subject.on_publish(session(1), offer(1, 1000), b.now).has_value());
  (void)b.tick();

  REQUIRE(b.join(2, 2).has_value());
  REQUIRE(b.subject.on_watch(session(2), tracking::watch{share(1)}, b.now).has_value());
  CHECK(b.subject.next_deadline() == b.now + registry::batch_interval);
  // Somebody else's answer does not take it along.
  REQUIRE(b.subject.on_watch(session(1), tracking::watch{share(1)}, b.now).has_value());
  const auto answer = b.subject.next_batch(b.now);
  b.subject.check_invariants();
  CHECK(swarm_to(answer, 1) != nullptr);
  CHECK(swarm_to(answer, 2) == nullptr);
  const auto first = b.tick();
  REQUIRE(first.snapshot);
  REQUIRE(swarm_to(first, 2) != nullptr);
  CHECK(swarm_to(first, 2)->joined.size() == 1);
}

TEST_CASE("counts follow the holders", "[registry]") {
  bench b;
  for (std::uint8_t n = 1; n <= 3; ++n) REQUIRE(b.join(n, n).has_value());
  REQUIRE(b.subject.on_publish(session(1), offer(9, 1000), b.now).has_value());
  REQUIRE(b.subject.on_publish(session(2), offer(9, 0), b.now).has_value());
  REQUIRE(b.subject.on_publish(session(3), offer(9, 5000), b.now).has_value());  // claims more than there is
  (void)b.tick();
  auto all = b.subject.snapshot();
  REQUIRE(all.shares.size() == 1);
  CHECK(all.shares[0].seeders == 2);
  CHECK(all.shares[0].leechers == 1);
  CHECK(all.shares[0].held == 2000);

  b.subject.on_progress(session(2), tracking::progress{share(9), 600}, b.now);
  b.subject.on_progress(session(2), tracking::progress{share(8), 600}, b.now);  // never published
  auto moved = b.tick();
  REQUIRE(moved.delta);
  REQUIRE(moved.delta->message.progress.size() == 1);
  CHECK(moved.delta->message.progress[0].held == 2600);
  b.subject.on_progress(session(2), tracking::progress{share(9), 1000}, b.now);
  b.subject.on_leave(session(1), b.now);
  auto gone = b.tick();
  REQUIRE(gone.delta);
  CHECK(gone.delta->message.left == std::vector{peer(1)});
  CHECK(gone.delta->message.progress == std::vector{tracking::holders_row{share(9), 2, 0, 2000}});

  b.subject.on_withdraw(session(2), tracking::withdraw{{share(9), share(9)}}, b.now);
  b.subject.on_leave(session(3), b.now);
  auto last = b.tick();
  REQUIRE(last.delta);
  CHECK(last.delta->message.withdrawn == std::vector{share(9)});
  CHECK(b.subject.snapshot().shares.empty());
}

TEST_CASE("a share of no bytes is held by its seeders", "[registry]") {
  bench b;
  REQUIRE(b.join(1, 1).has_value());
  REQUIRE(b.subject.on_publish(session(1), offer(1, 0, 0), b.now).has_value());
  CHECK(b.subject.snapshot().shares.at(0).seeders == 1);
}

TEST_CASE("a share that is published anew is described anew", "[registry]") {
  const auto claim = [](std::uint8_t publisher, std::uint64_t ms) {
    auto message = offer(1, 1000);
    message.shares[0].publication.publisher.bytes.fill(publisher);
    message.shares[0].publication.ms = ms;
    return message;
  };
  bench b;
  for (std::uint8_t n = 1; n <= 3; ++n) REQUIRE(b.join(n, n).has_value());
  REQUIRE(b.subject.on_publish(session(1), claim(7, 100), b.now).has_value());
  b.tick();

  // Who only repeats it, or does not know it, changes nothing.
  REQUIRE(b.subject.on_publish(session(2), claim(7, 100), b.now).has_value());
  REQUIRE(b.subject.on_publish(session(3), offer(1, 1000), b.now).has_value());
  CHECK(b.tick().delta->message.published.empty());

  REQUIRE(b.subject.on_publish(session(1), claim(7, 200), b.now).has_value());
  const auto anew = b.tick().delta->message;
  REQUIRE(anew.published.size() == 1);
  CHECK(anew.published[0].publication.ms == 200);
  CHECK(anew.published[0].seeders == 3);
  CHECK(anew.progress.empty());
  CHECK(b.subject.snapshot().shares[0].publication.ms == 200);

  // A later claim of somebody else, and an older one of the same.
  REQUIRE(b.subject.on_publish(session(2), claim(8, 300), b.now).has_value());
  REQUIRE(b.subject.on_publish(session(2), claim(7, 100), b.now).has_value());
  b.tick();
  CHECK(b.subject.snapshot().shares[0].publication.ms == 200);
}

TEST_CASE("holders that cannot be connected to are told who wants what they have", "[registry]") {
  bench b;
  REQUIRE(b.join(1, 1, false).has_value());
  REQUIRE(b.join(2, 2, true).has_value());
  REQUIRE(b.join(3, 3, true).has_value());
  REQUIRE(b.join(4, 4, false).has_value());
  for (const std::uint32_t holder : {1u, 2u})
    REQUIRE(b.subject.on_publish(session(holder), offer(1, 1000), b.now).has_value());
  for (const std::uint32_t watcher : {3u, 4u})
    REQUIRE(b.subject.on_watch(session(watcher), {share(1)}, b.now).has_value());
  b.tick();

  b.subject.on_unreached(session(3), {share(1), {}}, b.now);
  const auto told = b.tick();
  REQUIRE(told.wanted.size() == 1);
  CHECK(told.wanted[0].message == tracking::wanted{share(1), peer(3), "192.0.2.3", 7003});
  CHECK(told.wanted[0].to == std::vector{session(1)});
  CHECK(b.tick().wanted.empty());

  // Those that it could not connect to itself, too, each once.
  b.now += registry::unreached_interval;
  b.subject.on_unreached(session(3), {share(1), {peer(2), peer(2), peer(1), peer(3), peer(9)}}, b.now);
  const auto named = b.tick();
  REQUIRE(named.wanted.size() == 1);
  CHECK(named.wanted[0].to == std::vector{session(2), session(1)});

  // Not too often.
  b.now += registry::unreached_interval;
  b.subject.on_unreached(session(3), {share(1), {}}, b.now);
  b.subject.on_unreached(session(3), {share(1), {}}, b.now);
  CHECK(b.tick().wanted.size() == 1);

  // Nobody is sent to a peer that cannot be connected to, or that does not watch the share.
  b.now += registry::unreached_interval;
  b.subject.on_unreached(session(4), {share(1), {}}, b.now);
  b.subject.on_unreached(session(2), {share(1), {}}, b.now);
  b.subject.on_unreached(session(3), {share(2), {}}, b.now);
  b.subject.on_unreached(session(9), {share(1), {}}, b.now);
  CHECK(b.tick().wanted.empty());

  // Who left is not told.
  b.subject.on_leave(session(1), b.now);
  b.subject.on_unreached(session(3), {share(1), {}}, b.now);
  CHECK(b.tick().wanted.empty());
}

TEST_CASE("of many hidden holders the next ones are told each time", "[registry]") {
  bench b;
  REQUIRE(b.join(1, 1).has_value());
  REQUIRE(b.subject.on_watch(session(1), {share(1)}, b.now).has_value());
  for (std::uint8_t n = 2; n < 32; ++n) {
    REQUIRE(b.join(n, n, false).has_value());
    // One of them has nothing yet.
    REQUIRE(b.subject.on_publish(session(n), offer(1, n == 5 ? 0 : 10), b.now).has_value());
  }
  b.tick();
  std::set<tracker_session_id> called;
  for (int i = 0; i < 4; ++i) {
    b.now += registry::unreached_interval;
    b.subject.on_unreached(session(1), {share(1), {}}, b.now);
    const auto told = b.tick();
    REQUIRE(told.wanted.size() == 1);
    CHECK(told.wanted[0].to.size() <= registry::callees_max);
    called.insert(told.wanted[0].to.begin(), told.wanted[0].to.end());
  }
  CHECK(called.size() == 29);
  CHECK_FALSE(called.contains(session(5)));
}

TEST_CASE("what a peer hashes is part of its row", "[registry]") {
  bench b;
  REQUIRE(b.join(1, 1).has_value());
  REQUIRE(b.join(2, 2).has_value());
  b.tick();
  const tracking::hashing now_hashed{{{"big", 100, 5}}};
  CHECK(b.subject.on_hashing(session(1), now_hashed, b.now).has_value());
  const auto told = b.tick();
  REQUIRE(told.delta);
  REQUIRE(told.delta->message.joined.size() == 1);
  CHECK(told.delta->message.joined[0].peer == peer(1));
  CHECK(told.delta->message.joined[0].hashing == now_hashed.shares);
  CHECK(b.subject.on_hashing(session(1), now_hashed, b.now).has_value());
  CHECK(b.subject.next_deadline() == never);
  // Newcomers hear of it, and nobody hears of it any more once it is over.
  REQUIRE(b.join(3, 3).has_value());
  const auto third = b.tick();
  REQUIRE(third.snapshot);
  CHECK(std::ranges::any_of(third.snapshot->message.peers, [](const auto& one) { return !one.hashing.empty(); }));
  CHECK(b.subject.on_hashing(session(1), {}, b.now).has_value());
  CHECK(b.tick().delta->message.joined[0].hashing.empty());
  // Of those who did not join nothing is told.
  CHECK(b.subject.on_hashing(session(9), now_hashed, b.now).has_value());
  CHECK(b.subject.next_deadline() == never);
}

TEST_CASE("what came and went within a batch is not mentioned", "[registry]") {
  bench b;
  REQUIRE(b.join(1, 1).has_value());
  (void)b.tick();
  REQUIRE(b.join(2, 2).has_value());
  REQUIRE(b.subject.on_publish(session(2), offer(1, 10), b.now).has_value());
  b.subject.on_leave(session(2), b.now);
  const auto quiet = b.tick();
  CHECK_FALSE(quiet.delta);
  CHECK_FALSE(quiet.snapshot);
}

TEST_CASE("a peer id that joins again replaces its old session", "[registry]") {
  bench b;
  REQUIRE(b.join(1, 1).has_value());
  REQUIRE(b.join(2, 2).has_value());
  REQUIRE(b.subject.on_publish(session(1), offer(1, 1000), b.now).has_value());
  REQUIRE(b.subject.on_publish(session(1), offer(2, 1000), b.now).has_value());
  REQUIRE(b.subject.on_watch(session(2), tracking::watch{share(1)}, b.now).has_value());
  (void)b.tick();

  auto again = newcomer(1);
  auto& moved = again.row;
  moved.port = 9999;
  const auto replaced = b.subject.on_join(session(3), again, b.now);
  REQUIRE(replaced.has_value());
  CHECK(**replaced == session(1));
  REQUIRE(b.subject.on_publish(session(3), offer(1, 1000), b.now).has_value());
  // The old session's last messages arrive late.
  REQUIRE(b.subject.on_publish(session(1), offer(7, 1000), b.now).has_value());
  b.subject.on_leave(session(1), b.now);

  const auto batch = b.tick();
  REQUIRE(batch.delta);
  CHECK(batch.delta->message.joined == std::vector{moved});
  CHECK(batch.delta->message.left.empty());
  CHECK(batch.delta->message.withdrawn == std::vector{share(2)});
  CHECK(batch.delta->message.published.empty());
  const tracking::swarm* swarm = swarm_to(batch, 2);
  REQUIRE(swarm != nullptr);
  REQUIRE(swarm->joined.size() == 1);
  CHECK(swarm->joined[0].port == 9999);
  CHECK(swarm->left.empty());
  CHECK(b.subject.peer_count() == 2);
}

TEST_CASE("a stranger with the peer id of another does not join", "[registry]") {
  bench b;
  REQUIRE(b.join(1, 1).has_value());
  REQUIRE(b.subject.on_publish(session(1), offer(1, 1000), b.now).has_value());
  (void)b.tick();
  auto thief = newcomer(1);
  thief.token.bytes.fill(7);
  const auto refused = b.subject.on_join(session(2), thief, b.now);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::conflict);
  thief.silent = session(9);
  CHECK_FALSE(b.subject.on_join(session(2), thief, b.now).has_value());
  CHECK_FALSE(b.tick().delta);
  CHECK(b.subject.snapshot().shares.size() == 1);
  CHECK(b.subject.session_of(peer(1)) == session(1));

  // From its address, and its session is dead.
  thief.silent = session(1);
  thief.observed = "192.0.2.9";
  CHECK_FALSE(b.subject.on_join(session(2), thief, b.now).has_value());
  thief.observed = "192.0.2.1";
  const auto heir = b.subject.on_join(session(2), thief, b.now);
  REQUIRE(heir.has_value());
  CHECK(**heir == session(1));
  b.subject.check_invariants();
}

TEST_CASE("watchers get the complete swarm first, then changes", "[registry]") {
  bench b;
  for (std::uint8_t n = 1; n <= 4; ++n) REQUIRE(b.join(n, n, n != 3).has_value());
  REQUIRE(b.subject.on_publish(session(1), offer(1, 1000), b.now).has_value());
  REQUIRE(b.subject.on_publish(session(3), offer(1, 1000), b.now).has_value());  // cannot be connected to
  REQUIRE(b.subject.on_watch(session(4), tracking::watch{share(1)}, b.now).has_value());
  REQUIRE(b.subject.on_watch(session(4), tracking::watch{share(77)}, b.now).has_value());
  auto first = b.tick();
  CHECK(first.swarms.size() == 2);
  for (const auto& one : first.swarms) {
    CHECK(one.to == std::vector{session(4)});
    CHECK(one.message.joined.size() == (one.message.id == share(1) ? 1 : 0));
    for (const auto& holder : one.message.joined) CHECK(holder.seeder);
  }
  CHECK(b.subject.snapshot().shares.size() == 1);

  REQUIRE(b.subject.on_publish(session(2), offer(1, 0), b.now).has_value());
  b.subject.on_leave(session(1), b.now);
  b.subject.on_leave(session(3), b.now);
  REQUIRE(b.subject.on_watch(session(2), tracking::watch{share(1)}, b.now).has_value());
  const auto second = b.tick();
  const tracking::swarm* change = swarm_to(second, 4);
  REQUIRE(change != nullptr);
  REQUIRE(change->joined.size() == 1);
  CHECK(change->joined[0].peer == peer(2));
  CHECK(change->left == std::vector{peer(1)});
  const tracking::swarm* complete = swarm_to(second, 2);
  REQUIRE(complete != nullptr);
  CHECK(complete->joined.size() == 1);
  CHECK(complete->left.empty());

  b.subject.on_unwatch(session(4), tracking::unwatch{share(1)});
  b.subject.on_unwatch(session(4), tracking::unwatch{share(1)});
  b.subject.on_withdraw(session(2), tracking::withdraw{{share(1)}}, b.now);
  CHECK(swarm_to(b.tick(), 4) == nullptr);
}

TEST_CASE("a resync gives a new snapshot", "[registry]") {
  bench b;
  REQUIRE(b.join(1, 1).has_value());
  (void)b.tick();
  b.subject.on_resync(session(1), b.now);
  b.subject.on_resync(session(9), b.now);
  const auto batch = b.tick();
  REQUIRE(batch.snapshot);
  CHECK(batch.snapshot->to == std::vector{session(1)});
  CHECK(batch.snapshot->message.seq == b.subject.seq());
}

TEST_CASE("who asks for everything again and again is told once in a while", "[registry]") {
  bench b;
  REQUIRE(b.join(1, 1).has_value());
  (void)b.tick();
  int snapshots = 0;
  const time_point end = b.now + 4 * registry::resync_interval;
  while (b.now < end) {
    b.subject.on_resync(session(1), b.now);
    if (b.tick().snapshot) ++snapshots;
  }
  CHECK(snapshots >= 3);
  CHECK(snapshots <= 5);
  b.subject.on_resync(session(1), b.now);
  b.subject.on_leave(session(1), b.now);
  b.subject.check_invariants();
}

TEST_CASE("limits refuse, and leave the rest as it was", "[registry]") {
  bench b(registry::limits{
      .shares_per_peer_max = 2, .watches_per_peer_max = 1, .sessions_per_address_max = 1, .peers_max = 2});
  REQUIRE(b.join(1, 1).has_value());
  auto neighbour = newcomer(2);
  neighbour.observed = "192.0.2.1";
  const auto crowded = b.subject.on_join(session(2), neighbour, b.now);
  REQUIRE_FALSE(crowded.has_value());
  CHECK(crowded.error().code == errc::limit);
  CHECK(crowded.error().text.find("192.0.2.1") != std::string::npos);
  CHECK(b.subject.on_join(session(3), newcomer(1), b.now).has_value());  // replaces its own
  REQUIRE(b.join(4, 4).has_value());
  CHECK_FALSE(b.join(5, 5).has_value());
  CHECK(b.subject.peer_count() == 2);

  REQUIRE(b.subject.on_publish(session(4), offer(1, 1), b.now).has_value());
  REQUIRE(b.subject.on_publish(session(4), offer(2, 1), b.now).has_value());
  const auto refused = b.subject.on_publish(session(4), offer(3, 1), b.now);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::limit);
  CHECK(b.subject.on_publish(session(4), offer(2, 7), b.now).has_value());
  REQUIRE(b.subject.on_watch(session(4), tracking::watch{share(1)}, b.now).has_value());
  CHECK(b.subject.on_watch(session(4), tracking::watch{share(1)}, b.now).has_value());
  CHECK_FALSE(b.subject.on_watch(session(4), tracking::watch{share(2)}, b.now).has_value());
  (void)b.tick();
  CHECK(b.subject.snapshot().shares.size() == 2);
}

// Random events; a reader that knows only batches must end up knowing what the registry knows.
TEST_CASE("deltas and swarms add up to the truth", "[registry]") {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto pick = [&random](std::uint32_t below) { return random() % below; };
    bench b;
    REQUIRE(b.join(1, 200).has_value());  // the reader
    std::uint32_t next_session = 2;
    std::map<std::uint8_t, std::uint32_t> joined;
    std::map<peer_id, tracking::peer_row> peers;
    std::map<share_id, tracking::share_row> shares;
    std::map<share_id, std::set<peer_id>> swarms;
    for (std::uint8_t n = 0; n < 4; ++n)
      REQUIRE(b.subject.on_watch(session(1), tracking::watch{share(n)}, b.now).has_value());

    for (int step = 0; step < 400; ++step) {
      const auto p = static_cast<std::uint8_t>(pick(6));
      const auto s = static_cast<std::uint8_t>(pick(6));
      const bool here = joined.contains(p);
      switch (pick(here ? 8 : 2)) {
        case 0:
          REQUIRE(b.join(next_session, p, pick(3) != 0).has_value());
          joined[p] = next_session++;
          break;
        case 1:
          if (here) b.subject.on_leave(session(joined[p]), b.now);
          joined.erase(p);
          break;
        case 2:
        case 3:
          REQUIRE(b.subject.on_publish(session(joined[p]), offer(s, pick(1001)), b.now).has_value());
          break;
        case 4:
          b.subject.on_withdraw(session(joined[p]), tracking::withdraw{{share(s)}}, b.now);
          break;
        case 5:
          b.subject.on_progress(session(joined[p]), tracking::progress{share(s), pick(1001)}, b.now);
          break;
        case 6:
          REQUIRE(b.subject.on_watch(session(joined[p]), tracking::watch{share(s)}, b.now).has_value());
          break;
        default:
          b.subject.on_unwatch(session(joined[p]), tracking::unwatch{share(s)});
      }
      if (pick(3) != 0 && step != 399) continue;
      const auto batch = b.tick();
      if (batch.delta) {
        for (const auto& id : batch.delta->message.left) REQUIRE(peers.erase(id) == 1);
        for (const auto& one : batch.delta->message.joined) peers[one.peer] = one;
        for (const auto& one : batch.delta->message.published) REQUIRE(shares.emplace(one.id, one).second);
        for (const auto& id : batch.delta->message.withdrawn) REQUIRE(shares.erase(id) == 1);
        for (const auto& one : batch.delta->message.progress) {
          tracking::share_row& known = shares.at(one.id);
          known.seeders = one.seeders;
          known.leechers = one.leechers;
          known.held = one.held;
        }
      }
      if (peers.empty()) {
        REQUIRE(batch.snapshot);
        for (const auto& one : batch.snapshot->message.peers) peers[one.peer] = one;
        for (const auto& one : batch.snapshot->message.shares) shares[one.id] = one;
      }
      for (const auto& one : batch.swarms) {
        if (std::count(one.to.begin(), one.to.end(), session(1)) == 0) continue;
        for (const auto& id : one.message.left) swarms[one.message.id].erase(id);
        for (const auto& endpoint : one.message.joined) swarms[one.message.id].insert(endpoint.peer);
      }
      const auto truth = b.subject.snapshot();
      REQUIRE(truth.peers.size() == peers.size());
      for (const auto& one : truth.peers) REQUIRE(peers.at(one.peer) == one);
      REQUIRE(truth.shares.size() == shares.size());
      for (const auto& one : truth.shares) REQUIRE(shares.at(one.id) == one);
    }

    // Each watched swarm against a watcher that asks only now.
    for (std::uint8_t n = 0; n < 4; ++n) {
      REQUIRE(b.join(next_session, 201).has_value());
      REQUIRE(b.subject.on_watch(session(next_session), tracking::watch{share(n)}, b.now).has_value());
      const auto batch = b.tick();
      const tracking::swarm* complete = swarm_to(batch, next_session++);
      REQUIRE(complete != nullptr);
      std::set<peer_id> holders;
      for (const auto& endpoint : complete->joined) holders.insert(endpoint.peer);
      CHECK(holders == swarms[share(n)]);
    }
  }
}
