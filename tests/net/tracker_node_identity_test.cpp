// Whose a peer id is: sessions of a tracker that say the id of another.
#include <catch2/catch.hpp>

#include "tests/net/swarm_world.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

tracking::join join_of(std::uint8_t n, std::uint8_t token = 0) {
  tracking::join join;
  join.peer = peer(n);
  join.name = "raw" + std::to_string(n);
  if (token != 0) join.token.bytes.fill(token);
  return join;
}

tracker_options patient() {
  auto options = swarm_world::quick();
  options.session.heartbeat = std::chrono::seconds(5);
  options.session.answer_timeout = std::chrono::milliseconds(100);
  return options;
}

raw_client& client_of(swarm_world& w, const tracking::join& join) {
  raw_client& one = w.add_raw();
  REQUIRE(one.open(w.where()));
  one.listen();
  REQUIRE(one.say(join));
  return one;
}

bool refused(const raw_client& one) {
  const auto failure = one.heard<tracking::failure>();
  return failure && failure->code == name_of(errc::conflict);
}

}  // namespace

TEST_CASE("a peer that joins again by its token replaces its old session", "[tracker_identity]") {
  swarm_world w;
  auto& old = client_of(w, join_of(2, 5));
  REQUIRE(w.until([&] { return old.heard<tracking::welcome>().has_value(); }));
  auto& fresh = client_of(w, join_of(2, 5));
  REQUIRE(w.until([&] { return fresh.heard<tracking::snapshot>().has_value() && old.ended(); }));
  CHECK(fresh.heard<tracking::snapshot>()->peers.size() == 1);
  CHECK(w.until([&] { return w.tracker().ended(tracker_session_end::replaced) == 1; }));
  CHECK_FALSE(fresh.ended());
}

TEST_CASE("a peer whose session answers keeps its id", "[tracker_identity]") {
  swarm_world w(patient());
  auto& honest = w.add_peer(1);
  REQUIRE(honest.client().publish(offer(1)).has_value());
  honest.start();
  REQUIRE(w.until([&] { return honest.connected() && honest.rows().share_count() == 1; }));
  // Many at once: what is asked for signs of life is not asked by each of them.
  std::vector<raw_client*> thieves;
  for (std::uint8_t n = 0; n < 20; ++n) thieves.push_back(&client_of(w, join_of(1, n % 2 == 0 ? 0 : 9)));
  for (const raw_client* thief : thieves) {
    REQUIRE(w.until([&] { return thief->ended(); }));
    CHECK(refused(*thief));
  }
  CHECK(honest.disconnects == 0);
  CHECK(honest.rows().share_count() == 1);
  CHECK(w.tracker().ended(tracker_session_end::replaced) == 0);
}

TEST_CASE("a peer without a token replaces its session that does not answer", "[tracker_identity]") {
  swarm_world w(patient());
  auto& witness = w.add_peer(1);
  witness.start();
  auto& dead = w.add_raw();
  REQUIRE(dead.open(w.where()));
  REQUIRE(dead.say(join_of(2)));
  REQUIRE(w.until([&] { return witness.sees(2); }));
  auto& fresh = client_of(w, join_of(2));
  REQUIRE(w.until([&] { return fresh.heard<tracking::snapshot>().has_value(); }));
  CHECK(w.until([&] { return w.tracker().ended(tracker_session_end::replaced) == 1; }));
}

TEST_CASE("a peer that was away for a moment finds its id kept", "[tracker_identity]") {
  swarm_world w(patient());
  auto& honest = client_of(w, join_of(2, 5));
  REQUIRE(w.until([&] { return honest.heard<tracking::snapshot>().has_value(); }));
  honest.close();
  REQUIRE(w.until([&] { return w.tracker().session_count() == 0; }));
  auto& thief = client_of(w, join_of(2, 6));
  REQUIRE(w.until([&] { return thief.ended(); }));
  CHECK(refused(thief));
  auto& again = client_of(w, join_of(2, 5));
  REQUIRE(w.until([&] { return again.heard<tracking::snapshot>().has_value(); }));
}

TEST_CASE("a client comes back to a tracker that has not missed it yet", "[tracker_identity]") {
  swarm_world w(patient());
  auto& one = w.add_peer(1);
  one.start();
  REQUIRE(w.until([&] { return one.connected(); }));
  // What is left of its first session: the tracker has not noticed that the connection is gone.
  address_change gone{asio::ip::address_v4::loopback(), true};
  one.client().on_address(gone);
  REQUIRE(w.until([&] { return one.disconnects == 1 && one.connected(); }));
}
