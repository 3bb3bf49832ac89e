#include "tracker/tracker_node.hpp"
#include "page/page_asset.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <random>

#include "tests/net/swarm_world.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

tracking::join join_of(std::uint8_t n) {
  tracking::join join;
  join.peer = peer(n);
  join.name = "raw" + std::to_string(n);
  return join;
}

awaitable<void> exchange(tcp::endpoint where, std::string text, std::string& answer, bool& ended) {
  auto executor = co_await asio::this_coro::executor;
  tcp::socket socket(executor);
  (void)co_await socket.async_connect(where, use_tuple);
  const auto bytes = asio::buffer(text);
  (void)co_await asio::async_write(socket, bytes, use_tuple);
  auto into = asio::dynamic_buffer(answer);
  auto got = co_await asio::async_read(socket, into, use_tuple);
  ended = std::get<0>(got) == asio::error::eof || std::get<0>(got) == asio::error::connection_reset;
}

// What the tracker answers to these bytes until it closes.
std::optional<std::string> ask(swarm_world& w, std::string text) {
  std::string answer;
  bool ended = false;
  if (!w.finish(exchange(w.where(), std::move(text), answer, ended)) || !ended) return std::nullopt;
  return answer;
}

/// Publishes shares whose list stays long when it is packed, from number `n` on.
bool publish_many(raw_client& peer, std::uint32_t& n) {
  tracking::publish message;
  std::minstd_rand random(n + 1);
  for (std::size_t i = 0; i < tracking::shares_per_message_max; ++i, ++n) {
    auto one = offer(0);
    store_be32(one.id.bytes.data(), n);
    one.name.resize(200);
    for (char& c : one.name) c = static_cast<char>('0' + random() % 64);
    std::erase(one.name, '/');
    message.shares.push_back(one);
  }
  return peer.say(message);
}

}  // namespace

TEST_CASE("all peers see each other and what they share", "[tracker_node]") {
  swarm_world w;
  std::vector<test_peer*> peers;
  for (std::uint8_t n = 1; n <= 3; ++n) {
    auto& one = w.add_peer(n);
    REQUIRE(one.client().publish(offer(n)).has_value());
    REQUIRE(one.client().publish(offer(9, n == 1 ? 1000 : 100)).has_value());
    one.start();
    peers.push_back(&one);
  }
  for (test_peer* one : peers) {
    REQUIRE(w.until([&] { return one->sees(1) && one->sees(2) && one->sees(3) && one->rows().share_count() == 4; }));
    REQUIRE(w.until([&] {
      const auto row = one->rows().share(share(9));
      return row && row->seeders == 1 && row->leechers == 2 && row->held == 1200;
    }));
    const tracking::peer_row* row = one->rows().peer(peer(2));
    CHECK(row->address == "127.0.0.1");
    CHECK(row->port == peers[1]->join().port);
    CHECK(row->reachable);
    CHECK(one->client().state().address == "127.0.0.1");
    CHECK(one->client().state().reachable);
    CHECK(one->client().state().reason.empty());
  }
}

TEST_CASE("who leaves is gone for all within half a second", "[tracker_node]") {
  swarm_world w;
  auto& first = w.add_peer(1);
  auto& second = w.add_peer(2);
  auto& third = w.add_peer(3);
  for (test_peer* one : {&first, &second, &third}) one->start();
  REQUIRE(w.until([&] { return first.sees(3) && second.sees(3) && third.sees(3); }));

  const time_point begin = clock::now();
  REQUIRE(w.finish(third.client().leave(), tracker_client::leave_timeout + patience));
  REQUIRE(w.until([&] { return !first.sees(3) && !second.sees(3); }));
  CHECK(clock::now() - begin < std::chrono::milliseconds(500));
  CHECK(w.tracker().ended(tracker_session_end::left) == 1);
  CHECK_FALSE(third.connected());
  CHECK(third.disconnects == 1);
}

TEST_CASE("a connection that breaks takes its peer away at once", "[tracker_node]") {
  auto options = swarm_world::quick();
  options.session.heartbeat = std::chrono::seconds(5);
  swarm_world w(options);
  auto& witness = w.add_peer(1);
  witness.start();
  auto& raw = w.add_raw();
  REQUIRE(raw.open(w.where()));
  REQUIRE(raw.say(join_of(2)));
  REQUIRE(raw.say(tracking::publish{{offer(4)}}));
  REQUIRE(w.until([&] { return witness.sees(2) && witness.rows().share_count() == 1; }));
  CHECK_FALSE(witness.rows().peer(peer(2))->reachable);
  const time_point begin = clock::now();
  raw.close();
  REQUIRE(w.until([&] { return !witness.sees(2) && witness.rows().share_count() == 0; }));
  // The peer is not waited for until it is silent for three heartbeats.
  CHECK(clock::now() - begin < options.session.heartbeat);
  CHECK(w.until([&] { return w.tracker().ended(tracker_session_end::closed) == 1; }));
}

TEST_CASE("a peer that shows no life is gone after three heartbeats", "[tracker_node]") {
  swarm_world w;
  auto& witness = w.add_peer(1);
  witness.start();
  REQUIRE(w.until([&] { return witness.connected(); }));
  auto& silent = w.add_raw();
  auto& lively = w.add_raw();
  REQUIRE(lively.open(w.where()));
  lively.listen();
  REQUIRE(lively.say(join_of(3)));
  REQUIRE(silent.open(w.where()));
  REQUIRE(silent.say(join_of(2)));
  REQUIRE(w.until([&] { return witness.sees(2) && witness.sees(3); }));
  const time_point begin = clock::now();
  REQUIRE(w.until([&] { return !witness.sees(2); }));
  CHECK(clock::now() - begin > std::chrono::milliseconds(200));
  CHECK(clock::now() - begin < std::chrono::milliseconds(1000));
  CHECK(w.until([&] { return w.tracker().ended(tracker_session_end::silent) == 1; }));
  CHECK(witness.sees(3));
  CHECK(witness.disconnects == 0);
}

TEST_CASE("a session without join ends", "[tracker_node]") {
  auto options = swarm_world::quick();
  options.session.join_timeout = std::chrono::milliseconds(50);
  swarm_world w(options);
  auto& raw = w.add_raw();
  REQUIRE(raw.open(w.where()));
  raw.listen();
  REQUIRE(w.until([&] { return raw.ended(); }));
  CHECK(w.until([&] { return w.tracker().ended(tracker_session_end::late) == 1; }));
}

TEST_CASE("a request that does not end is closed", "[tracker_node]") {
  auto options = swarm_world::quick();
  options.request_timeout = std::chrono::milliseconds(50);
  swarm_world w(options);
  CHECK(ask(w, "GET /live HTTP/1.1\r\nHost: x\r\n") == "");
}

TEST_CASE("garbage ends its session and nothing else", "[tracker_node]") {
  swarm_world w;
  auto& witness = w.add_peer(1);
  witness.start();
  REQUIRE(w.until([&] { return witness.connected(); }));

  CHECK(ask(w, std::string("\x13garbage", 8)) == "");
  CHECK(ask(w, "GARBAGE \r\n\r\n") == "");
  CHECK(ask(w, "GET /live HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n") == "");

  const std::vector<std::string> bad{
      "", "{", "[]", R"({"type":"fly"})", R"({"type":"leave"})", tracking::encode(tracking::watch{share(1)}),
  };
  for (const std::string& text : bad) {
    CAPTURE(text);
    auto& raw = w.add_raw();
    REQUIRE(raw.open(w.where()));
    raw.listen();
    REQUIRE(raw.say_text(text));
    REQUIRE(w.until([&] { return raw.ended(); }));
    REQUIRE(raw.heard<tracking::failure>().has_value());
    CHECK(raw.heard<tracking::failure>()->code == "protocol");
  }
  auto& twice = w.add_raw();
  REQUIRE(twice.open(w.where()));
  twice.listen();
  REQUIRE(twice.say(join_of(7)));
  REQUIRE(twice.say(join_of(7)));
  REQUIRE(w.until([&] { return twice.ended(); }));
  CHECK(twice.heard<tracking::failure>().has_value());

  auto& large = w.add_raw();
  REQUIRE(large.open(w.where()));
  large.listen();
  (void)large.say_text(std::string(tracking::peer_message_bytes_max + 1, ' '));
  REQUIRE(w.until([&] { return large.ended(); }));
  CHECK(w.until([&] { return w.tracker().ended(tracker_session_end::protocol) == bad.size() + 2; }));
  CHECK(w.until([&] { return w.tracker().session_count() == 1; }));
  CHECK(witness.disconnects == 0);
  CHECK_FALSE(witness.sees(7));
}

TEST_CASE("other requests are told what this is", "[tracker_node]") {
  swarm_world w;
  for (const std::string target : {"GET /nothing HTTP/1.1", "GET /live HTTP/1.1", "POST /announce HTTP/1.1"}) {
    const auto answer = ask(w, target + "\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    REQUIRE(answer.has_value());
    CHECK(answer->starts_with("HTTP/1.1 404 "));
    CHECK(answer->find("This is a shoal tracker") != std::string::npos);
  }
}

TEST_CASE("a tracker shows its page", "[tracker_node]") {
  swarm_world w;
  const auto answer = ask(w, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(answer.has_value());
  CHECK(answer->starts_with(page_left_out() ? "HTTP/1.1 404 " : "HTTP/1.1 200 "));
  CHECK(answer->find(page_left_out() ? missing_page() : "name=\"shoal\" content=\"tracker\"") != std::string::npos);
}

TEST_CASE("a peer that does not read is ended", "[tracker_node]") {
  auto options = swarm_world::quick();
  options.session.heartbeat = std::chrono::seconds(10);
  options.session.outbox_bytes_max = 64 * KiB;
  swarm_world w(options);
  auto& lazy = w.add_raw();
  REQUIRE(lazy.open(w.where()));
  REQUIRE(lazy.say(join_of(2)));
  auto& busy = w.add_raw();
  REQUIRE(busy.open(w.where()));
  busy.listen();
  REQUIRE(busy.say(join_of(3)));
  std::uint32_t n = 0;
  const auto ended = [&] { return w.tracker().ended(tracker_session_end::slow_reader) == 1; };
  // Until the kernel's buffers are full.
  while (!ended() && n < 200'000) {
    REQUIRE(publish_many(busy, n));
    (void)w.until(ended, registry::batch_interval);
  }
  CHECK(ended());
  CHECK_FALSE(busy.ended());
}

TEST_CASE("a peer that reads nothing of its snapshot is ended, though it shows life", "[tracker_node]") {
  auto options = swarm_world::quick();
  options.session.heartbeat = std::chrono::seconds(3);
  options.session.write_timeout = std::chrono::seconds(3);
  swarm_world w(options);
  auto& busy = w.add_raw();
  REQUIRE(busy.open(w.where()));
  busy.listen();
  REQUIRE(busy.say(join_of(3)));
  std::uint32_t n = 0;
  while (n < 30'000) REQUIRE(publish_many(busy, n));
  auto& deaf = w.add_raw();
  deaf.set_narrow();
  REQUIRE(deaf.open(w.where()));
  deaf.show_life();
  REQUIRE(deaf.say(join_of(2)));
  CHECK(w.until([&] { return w.tracker().ended(tracker_session_end::slow_reader) == 1; }));
  CHECK_FALSE(busy.ended());
}

TEST_CASE("peers that wait for a place to be dialled back all join", "[tracker_node]") {
  auto options = swarm_world::quick();
  options.session.dial_backs_max = 1;
  swarm_world w(options);
  std::vector<raw_client*> gone;
  std::vector<test_peer*> peers;
  for (std::uint8_t n = 1; n <= 6; ++n) {
    // The one that closes while it waits gives its turn to the next.
    auto& quitter = w.add_raw();
    REQUIRE(quitter.open(w.where()));
    auto join = join_of(static_cast<std::uint8_t>(100 + n));
    join.port = w.where().port();
    REQUIRE(quitter.say(join));
    gone.push_back(&quitter);
    peers.push_back(&w.add_peer(n));
    peers.back()->start();
  }
  for (raw_client* one : gone) one->close();
  for (test_peer* one : peers) {
    REQUIRE(w.until([&] { return one->client().state().reachable && one->rows().peers().size() == peers.size(); }));
  }
}

TEST_CASE("the answer to a watch does not wait for the next batch", "[tracker_node]") {
  swarm_world w;
  auto& seeder = w.add_peer(1);
  REQUIRE(seeder.client().publish(offer(5)).has_value());
  seeder.start();
  REQUIRE(w.until([&] { return seeder.rows().share_count() == 1; }));
  duration quickest = patience;
  for (std::uint8_t n = 2; n <= 6; ++n) {
    auto& watcher = w.add_peer(n);
    watcher.start();
    // The batch with its own joining has just been sent.
    REQUIRE(w.until([&] { return watcher.connected(); }));
    const time_point begin = clock::now();
    watcher.client().watch(share(5));
    REQUIRE(w.until([&] { return watcher.swarm(5) == std::set{peer(1)}; }));
    quickest = std::min<duration>(quickest, clock::now() - begin);
  }
  CHECK(quickest < registry::batch_interval / 2);
}

TEST_CASE("a long message is packed", "[tracker_node]") {
  swarm_world w;
  auto& raw = w.add_raw();
  REQUIRE(raw.open(w.where()));
  raw.listen();
  REQUIRE(raw.say(join_of(2)));
  tracking::publish many;
  for (std::uint8_t n = 1; n <= 100; ++n) many.shares.push_back(offer(n));
  REQUIRE(raw.say(many));
  REQUIRE(w.until([&] { return raw.heard<tracking::snapshot>().has_value(); }));
  auto& peer_with_client = w.add_peer(1);
  peer_with_client.start();
  REQUIRE(w.until([&] { return peer_with_client.rows().share_count() == 100; }));
  auto& other = w.add_raw();
  REQUIRE(other.open(w.where()));
  other.listen();
  REQUIRE(other.say(join_of(3)));
  REQUIRE(w.until([&] { return other.heard<tracking::snapshot>().has_value(); }));
  CHECK(other.heard<tracking::snapshot>()->shares.size() == 100);
  CHECK(other.packed_count() > 0);
}

TEST_CASE("a limit is told and the session goes on", "[tracker_node]") {
  auto options = swarm_world::quick();
  options.limits.shares_per_peer_max = 1;
  options.limits.sessions_per_address_max = 1;
  swarm_world w(options);
  auto& raw = w.add_raw();
  REQUIRE(raw.open(w.where()));
  raw.listen();
  REQUIRE(raw.say(join_of(2)));
  REQUIRE(raw.say(tracking::publish{{offer(1), offer(2)}}));
  REQUIRE(w.until([&] { return raw.heard<tracking::failure>().has_value(); }));
  CHECK(raw.heard<tracking::failure>()->code == "limit");
  REQUIRE(w.until([&] { return raw.heard<tracking::snapshot>().has_value(); }));
  CHECK_FALSE(raw.ended());

  auto& crowd = w.add_raw();
  REQUIRE(crowd.open(w.where()));
  crowd.listen();
  REQUIRE(crowd.say(join_of(3)));
  REQUIRE(w.until([&] { return crowd.ended(); }));
  CHECK(crowd.heard<tracking::failure>()->code == "limit");
  CHECK(w.until([&] { return w.tracker().ended(tracker_session_end::refused) == 1; }));
}

TEST_CASE("an advertised address needs the flag and the family", "[tracker_node]") {
  auto options = swarm_world::quick();
  options.session.allow_advertise = GENERATE(false, true);
  swarm_world w(options);
  const auto answer = [&w](std::uint8_t n, const std::string& address) -> raw_client& {
    auto& raw = w.add_raw();
    auto join = join_of(n);
    join.advertise = address;
    REQUIRE(raw.open(w.where()));
    raw.listen();
    REQUIRE(raw.say(join));
    REQUIRE(w.until([&] { return raw.heard<tracking::failure>() || raw.heard<tracking::welcome>(); }));
    return raw;
  };
  CHECK(answer(2, "::1").heard<tracking::failure>().has_value());
  CHECK(answer(3, "host").heard<tracking::failure>().has_value());
  auto& good = answer(4, "127.0.0.2");
  if (options.session.allow_advertise) {
    CHECK(good.heard<tracking::welcome>()->address == "127.0.0.2");
  } else {
    CHECK(good.heard<tracking::failure>()->text.find("does not take an advertised address") != std::string::npos);
  }
}

TEST_CASE("watchers get the swarm and its changes", "[tracker_node]") {
  swarm_world w;
  auto& watcher = w.add_peer(1);
  auto& seeder = w.add_peer(2);
  auto& leecher = w.add_peer(3);
  auto& hidden = w.add_raw();
  REQUIRE(seeder.client().publish(offer(5)).has_value());
  seeder.start();
  REQUIRE(hidden.open(w.where()));
  hidden.listen();
  REQUIRE(hidden.say(join_of(8)));
  REQUIRE(hidden.say(tracking::publish{{offer(5)}}));
  leecher.start();
  watcher.start();
  watcher.client().watch(share(5));
  REQUIRE(watcher.client().publish(offer(5, 0)).has_value());
  REQUIRE(w.until([&] { return watcher.sees(8); }));
  // Neither itself nor the one that nobody can connect to.
  REQUIRE(w.until([&] { return watcher.swarm(5) == std::set{peer(2)}; }));
  REQUIRE(leecher.client().publish(offer(5, 0)).has_value());
  REQUIRE(w.until([&] { return watcher.swarm(5) == std::set{peer(2), peer(3)}; }));
  leecher.client().progress(share(5), 1000);
  REQUIRE(w.until([&] { return watcher.rows().share(share(5))->seeders == 3; }));
  seeder.client().withdraw(share(5));
  REQUIRE(w.until([&] { return watcher.swarm(5) == std::set{peer(3)}; }));
  REQUIRE(w.finish(leecher.client().leave()));
  REQUIRE(w.until([&] { return watcher.swarm(5).empty(); }));
  watcher.client().unwatch(share(5));
  REQUIRE(seeder.client().publish(offer(5)).has_value());
  REQUIRE(w.until([&] { return watcher.rows().share(share(5))->seeders == 2; }));
  CHECK(watcher.swarm(5).empty());
}

TEST_CASE("a holder that nobody can connect to is told who wants its share", "[tracker_node]") {
  swarm_world w;
  auto& watcher = w.add_peer(1);
  auto& hidden = w.add_peer(2);
  hidden.join().port = 0;
  REQUIRE(hidden.client().publish(offer(5)).has_value());
  hidden.start();
  watcher.client().watch(share(5));
  watcher.start();
  REQUIRE(w.until([&] { return watcher.connected() && watcher.rows().share(share(5)); }));
  watcher.client().unreached(share(5), {});
  REQUIRE(w.until([&] { return !hidden.wanted_by.empty(); }));
  CHECK(hidden.wanted_by == std::vector{tracking::wanted{share(5), peer(1), "127.0.0.1", watcher.join().port}});
}

TEST_CASE("IPv6, and IPv4 through it", "[tracker_node]") {
  auto options = swarm_world::quick();
  options.listen = {tcp::endpoint(asio::ip::address_v6::any(), 0)};
  swarm_world w(options);
  const std::uint16_t port = w.where().port();
  const tcp::endpoint six(asio::ip::address_v6::loopback(), port);
  auto& first = w.add_peer(1, six, tcp::endpoint(asio::ip::address_v6::loopback(), 0));
  auto& second = w.add_peer(2, loopback(port), loopback());
  first.start();
  second.start();
  REQUIRE(w.until([&] { return first.sees(2) && second.sees(1); }));
  CHECK(first.rows().peer(peer(1))->address == "::1");
  CHECK(first.rows().peer(peer(2))->address == "127.0.0.1");
  CHECK(first.rows().peer(peer(1))->reachable);
  CHECK(first.rows().peer(peer(2))->reachable);
}

TEST_CASE("a port that does not answer is listed as unreachable", "[tracker_node]") {
  auto options = swarm_world::quick();
  options.session.dial_back_timeout = std::chrono::milliseconds(100);
  swarm_world w(options);
  auto& liar = w.add_peer(1);
  const swarm_keys open;
  listener closed(w.executor(), open, [](stream, std::uint8_t) {}, [](stream, std::uint8_t) {});
  REQUIRE(closed.open(loopback()).has_value());
  liar.join().port = closed.local().port();
  closed.stop();
  REQUIRE(liar.client().publish(offer(1)).has_value());
  liar.client().watch(share(1));
  liar.start();
  REQUIRE(w.until([&] { return liar.rows().share_count() == 1; }));
  CHECK_FALSE(liar.client().state().reachable);
  CHECK_FALSE(liar.rows().peer(peer(1))->reachable);
}

TEST_CASE("options out of range are refused", "[tracker_node]") {
  world w;
  tracker_options options;
  tracker_node nowhere(w.executor(), options);
  REQUIRE_FALSE(nowhere.open().has_value());
  CHECK(nowhere.open().error().code == errc::usage);
  options = swarm_world::quick();
  options.session.heartbeat = std::chrono::milliseconds(99);
  tracker_node hasty(w.executor(), options);
  CHECK(hasty.open().error().code == errc::usage);

  swarm_world other;
  options = swarm_world::quick();
  options.listen = {loopback(), other.where()};
  tracker_node late(w.executor(), options);
  REQUIRE_FALSE(late.open().has_value());
  CHECK(late.open().error().code == errc::address_in_use);
  CHECK(late.local().empty());
}
