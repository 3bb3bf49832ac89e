// What is told when it turns out later whether others can connect to a peer.

#include <catch2/catch.hpp>

#include "directory/registry.hpp"

using namespace shoal;

namespace {

peer_id peer(std::uint8_t n) {
  peer_id id;
  id.bytes[19] = n;
  return id;
}

registry::newcomer newcomer(std::uint8_t n, bool reachable) {
  registry::newcomer one;
  one.row.peer = peer(n);
  one.row.name = "host";
  one.observed = one.row.address = "192.0.2." + std::to_string(n);
  one.row.port = 7000;
  one.row.reachable = reachable;
  one.token.bytes.fill(n);
  return one;
}

}  // namespace

TEST_CASE("watchers hear of a holder once it can be connected to, and when it no longer can", "[registry]") {
  registry subject;
  time_point now{std::chrono::hours(1)};
  const auto tick = [&] {
    now += registry::batch_interval;
    auto batch = subject.next_batch(now);
    subject.check_invariants();
    return batch;
  };
  const tracker_session_id holder{1};
  const tracker_session_id watcher{2};
  share_id id;
  id.bytes[31] = 5;
  REQUIRE(subject.on_join(holder, newcomer(1, false), now).has_value());
  REQUIRE(subject.on_join(watcher, newcomer(2, true), now).has_value());
  tracking::share_offer offer;
  offer.id = id;
  offer.name = "x";
  offer.bytes = offer.have = 10;
  REQUIRE(subject.on_publish(holder, {{offer}}, now).has_value());
  REQUIRE(subject.on_watch(watcher, {id}, now).has_value());
  const auto first = tick();
  REQUIRE(first.swarms.size() == 1);
  CHECK(first.swarms.front().message.joined.empty());

  subject.on_reachable(holder, false, now);
  CHECK(subject.next_deadline() == never);
  subject.on_reachable(holder, true, now);
  const auto found = tick();
  REQUIRE(found.swarms.size() == 1);
  REQUIRE(found.swarms.front().message.joined.size() == 1);
  CHECK(found.swarms.front().message.joined.front().peer == peer(1));
  REQUIRE(found.delta);
  REQUIRE(found.delta->message.joined.size() == 1);
  CHECK(found.delta->message.joined.front().reachable);

  subject.on_reachable(holder, false, now);
  const auto lost = tick();
  REQUIRE(lost.swarms.size() == 1);
  CHECK(lost.swarms.front().message.left == std::vector{peer(1)});
  subject.on_reachable(tracker_session_id{9}, true, now);
  CHECK(subject.next_deadline() == never);
}
