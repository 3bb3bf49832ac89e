#include "peer/discovery/tracker_client.hpp"

#include <catch2/catch.hpp>

#include "tests/net/swarm_world.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

using boost::beast::websocket::frame_type;

// A tracker that says what the test wants, to one connection at a time.
class fake_tracker {
 public:
  explicit fake_tracker(world& w) : world_(w), acceptor_(w.executor(), loopback()) {
    world_.tasks.spawn("fake tracker", serve());
  }
  ~fake_tracker() { stop(); }
  void stop() {
    error_code ignored;
    acceptor_.close(ignored);
    if (stream_) stream_->next_layer().close(ignored);
  }

  tcp::endpoint where() const { return acceptor_.local_endpoint(); }
  void say(const tracking::tracker_message& message) { REQUIRE(world_.finish(write(tracking::encode(message)))); }
  void hang_up() {
    error_code ignored;
    stream_->next_layer().close(ignored);
  }
  template <class Message>
  int count() const {
    int n = 0;
    for (const auto& message : heard) n += std::holds_alternative<Message>(message) ? 1 : 0;
    return n;
  }

  int connections = 0;
  int pings = 0;
  int pongs = 0;
  bool reads_join_alone = false;
  std::vector<tracking::peer_message> heard;

 private:
  awaitable<void> serve() {
    while (acceptor_.is_open()) {
      auto accepted = co_await acceptor_.async_accept(use_tuple);
      if (std::get<0>(accepted)) co_return;
      stream_.emplace(std::move(std::get<1>(accepted)));
      auto upgraded = co_await stream_->async_accept(use_tuple);
      if (std::get<0>(upgraded)) continue;
      ++connections;
      stream_->control_callback([this](frame_type kind, boost::beast::string_view) {
        pings += kind == frame_type::ping ? 1 : 0;
        pongs += kind == frame_type::pong ? 1 : 0;
      });
      boost::beast::flat_buffer inbox;
      while (true) {
        auto got = co_await stream_->async_read(inbox, use_tuple);
        if (std::get<0>(got)) break;
        auto message = tracking::decode_peer_message({static_cast<const char*>(inbox.cdata().data()), inbox.size()});
        if (message) heard.push_back(std::move(*message));
        inbox.consume(inbox.size());
        if (reads_join_alone) break;
      }
    }
  }
  awaitable<void> write(std::string text) {
    const auto bytes = asio::buffer(text);
    (void)co_await stream_->async_write(bytes, use_tuple);
  }

  world& world_;
  tcp::acceptor acceptor_;
  std::optional<boost::beast::websocket::stream<tcp::socket>> stream_;
};

struct fake_world : world {
  fake_tracker tracker{*this};
  test_peer peer{*this, 1, tracker.where()};

  ~fake_world() {
    peer.stop();
    tracker.stop();
    SHOAL_ASSERT(drain());
  }
  void welcome(std::uint32_t heartbeat_ms = 10'000) {
    const int before = tracker.connections;
    REQUIRE(until([&] { return tracker.connections > 0 && tracker.count<tracking::join>() >= before; }));
    tracker.say(tracking::welcome{"127.0.0.1", true, heartbeat_ms});
  }
};

}  // namespace

TEST_CASE("a tracker that starts again is told everything again", "[tracker_client]") {
  swarm_world w;
  auto& seeder = w.add_peer(1);
  auto& watcher = w.add_peer(2);
  REQUIRE(seeder.client().publish(offer(1)).has_value());
  REQUIRE(seeder.client().publish(offer(2, 10)).has_value());
  watcher.client().watch(share(1));
  seeder.start();
  watcher.start();
  REQUIRE(w.until([&] { return watcher.swarm(1).size() == 1 && watcher.rows().share_count() == 2; }));

  auto options = swarm_world::quick();
  options.listen = {w.where()};
  REQUIRE(w.stop_tracker());
  REQUIRE(w.until([&] { return !seeder.connected() && !watcher.connected(); }));
  CHECK(seeder.disconnects == 1);
  CHECK_FALSE(seeder.client().state().reason.empty());
  // What was known stays, and changes meanwhile are said later.
  CHECK(watcher.rows().share_count() == 2);
  seeder.client().withdraw(share(2));
  REQUIRE(seeder.client().publish(offer(3)).has_value());
  REQUIRE(w.until([&] { return seeder.client().state().attempts >= 2; }));

  w.start_tracker(options);
  REQUIRE(w.until([&] { return seeder.connected() && watcher.connected(); }));
  REQUIRE(w.until([&] {
    return watcher.swarm(1) == std::set{peer(1)} && watcher.sees(1) && watcher.rows().share(share(3)) &&
           !watcher.rows().share(share(2));
  }));
  CHECK(watcher.connects == 2);
  CHECK(watcher.disconnects == 1);
  CHECK(seeder.client().state().attempts == 0);
}

TEST_CASE("a peer shows that it lives, and asks a tracker of many less often", "[tracker_client]") {
  const bool many = GENERATE(false, true);
  fake_world w;
  w.peer.start();
  w.welcome(50);
  tracking::snapshot snapshot;
  snapshot.peers.resize(many ? tracker_client::asked_each_beat_max + 1 : 1);
  for (std::size_t i = 0; i < snapshot.peers.size(); ++i) {
    tracking::peer_row& row = snapshot.peers[i];
    row.peer.bytes[0] = static_cast<std::uint8_t>(i >> 8);
    row.peer.bytes[1] = static_cast<std::uint8_t>(i);
    row.name = "peer";
    row.address = "127.0.0.1";
  }
  w.tracker.say(snapshot);
  REQUIRE(w.until([&] { return w.tracker.pings == 3; }));
  // An answer is good for three heartbeats there.
  if (many) CHECK(w.tracker.pongs > w.tracker.pings);
  if (!many) CHECK(w.tracker.pongs <= 1);
  CHECK(w.peer.connected());
  CHECK(w.tracker.connections == 1);
}

TEST_CASE("a tracker that does not answer when it is asked is left", "[tracker_client]") {
  fake_world w;
  w.tracker.reads_join_alone = true;
  w.peer.start();
  w.welcome(100);
  w.tracker.say(tracking::snapshot{});
  REQUIRE(w.until([&] { return w.peer.connected(); }));
  const time_point begin = clock::now();
  REQUIRE(w.until([&] { return !w.peer.connected(); }));
  CHECK(w.peer.client().state().reason.find("does not answer") != std::string::npos);
  CHECK(w.peer.disconnects == 0);
  REQUIRE(w.until([&] { return w.peer.disconnects == 1; }));
  CHECK(clock::now() - begin > std::chrono::milliseconds(500));
  CHECK(clock::now() - begin < std::chrono::milliseconds(2000));
  CHECK(w.peer.reason.find("silent") != std::string::npos);
  REQUIRE(w.until([&] { return w.tracker.connections == 2; }));
}

TEST_CASE("a gap in the deltas asks once for a snapshot", "[tracker_client]") {
  fake_world w;
  w.peer.start();
  w.welcome();
  tracking::snapshot snapshot;
  snapshot.seq = 5;
  w.tracker.say(snapshot);
  tracking::delta delta;
  for (delta.seq = 6; delta.seq <= 9; ++delta.seq) {
    if (delta.seq != 7) w.tracker.say(delta);
  }
  REQUIRE(w.until([&] { return w.tracker.count<tracking::resync>() == 1; }));
  snapshot.seq = 9;
  snapshot.shares.resize(1);
  snapshot.shares[0].id = share(1);
  snapshot.shares[0].name = "one";
  const int told_before = w.peer.rows_told;
  w.tracker.say(snapshot);
  REQUIRE(w.until([&] { return w.peer.rows().share_count() == 1; }));
  CHECK(w.peer.rows_told == told_before + 1);
  CHECK(w.peer.connects == 1);
  delta.seq = 12;
  w.tracker.say(delta);
  REQUIRE(w.until([&] { return w.tracker.count<tracking::resync>() == 2; }));
}

TEST_CASE("the reason why a tracker refuses is kept", "[tracker_client]") {
  fake_world w;
  w.peer.start();
  REQUIRE(w.until([&] { return w.tracker.count<tracking::join>() == 1; }));
  w.tracker.say(tracking::failure{"limit", "the tracker is full"});
  w.tracker.hang_up();
  REQUIRE(w.until([&] { return w.peer.client().state().attempts == 1; }));
  CHECK(w.peer.client().state().reason.find("the tracker is full") != std::string::npos);
  CHECK(w.peer.connects == 0);
  CHECK(w.peer.disconnects == 0);
}

TEST_CASE("a tracker that sends nonsense is left", "[tracker_client]") {
  fake_world w;
  w.peer.start();
  w.welcome();
  w.tracker.say(tracking::snapshot{});
  REQUIRE(w.until([&] { return w.peer.connected(); }));
  tracking::delta bad;
  bad.seq = 1;
  bad.joined.resize(1);  // a peer without a name
  w.tracker.say(bad);
  REQUIRE(w.until([&] { return w.peer.disconnects == 1; }));
  CHECK(w.peer.reason.find("nonsense") != std::string::npos);
}

TEST_CASE("what is no tracker is said to be none", "[tracker_client]") {
  world w;
  const swarm_keys open;
  listener other(w.executor(), open, [](stream, std::uint8_t) {}, [](stream, std::uint8_t) {});
  REQUIRE(other.open(loopback()).has_value());
  w.tasks.spawn("other", other.run());
  test_peer one(w, 1, other.local());
  one.start();
  REQUIRE(w.until([&] { return one.client().state().attempts >= 2; }));
  CHECK(one.client().state().reason.find("is not a shoal tracker") != std::string::npos);
  one.stop();
  other.stop();
  REQUIRE(w.drain());
}

TEST_CASE("stop ends a client in every state", "[tracker_client]") {
  world w;
  SECTION("while nothing listens") {
    const swarm_keys open;
    listener closed(w.executor(), open, [](stream, std::uint8_t) {}, [](stream, std::uint8_t) {});
    REQUIRE(closed.open(loopback()).has_value());
    test_peer one(w, 1, closed.local());
    closed.stop();
    one.start();
    REQUIRE(w.until([&] { return one.client().state().attempts >= 1; }));
    CHECK(one.client().state().reason.find("cannot connect to tracker 127.0.0.1:") != std::string::npos);
    one.stop();
    CHECK(w.drain());
  }
  SECTION("while the tracker says nothing") {
    tcp::acceptor mute(w.executor(), loopback());
    test_peer one(w, 1, mute.local_endpoint());
    one.start();
    bool accepted = false;
    auto take = [&](const error_code&, tcp::socket) { accepted = true; };
    mute.async_accept(take);
    REQUIRE(w.until([&] { return accepted; }));
    one.stop();
    CHECK(w.drain());
  }
  SECTION("before it runs") {
    test_peer one(w, 1, loopback(1));
    one.stop();
    one.start();
    CHECK(w.drain());
  }
  SECTION("leave without a session") {
    test_peer one(w, 1, loopback(1));
    one.start();
    REQUIRE(w.finish(one.client().leave()));
    one.stop();
    CHECK(w.drain());
  }
}
