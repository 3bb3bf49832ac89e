// Pages of browsers at a tracker: they look, and are no peers. Pages of other sites are turned away.
#include <boost/asio/connect.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include "net/endpoint.hpp"
#include "tests/net/swarm_world.hpp"
#include "tracker/tracker_node.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

raw_client& page(swarm_world& w) {
  auto& one = w.add_raw();
  REQUIRE(one.open(w.where()));
  REQUIRE(one.say(tracking::look{}));
  return one;
}

awaitable<void> exchange(tcp::endpoint where, std::string text, std::string& answer) {
  auto executor = co_await asio::this_coro::executor;
  tcp::socket socket(executor);
  (void)co_await socket.async_connect(where, use_tuple);
  const auto bytes = asio::buffer(text);
  (void)co_await asio::async_write(socket, bytes, use_tuple);
  auto into = asio::dynamic_buffer(answer);
  (void)co_await asio::async_read_until(socket, into, "\r\n\r\n", use_tuple);
}

// The status that a browser gets for the WebSocket.
std::string status_of(swarm_world& w, const std::string& headers) {
  std::string answer;
  std::string text =
      "GET /live HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" +
      headers + "\r\n";
  REQUIRE(w.finish(exchange(w.where(), std::move(text), answer)));
  return answer.substr(0, std::string("HTTP/1.1 101").size());
}

constexpr const char* taken = "HTTP/1.1 101";
constexpr const char* refused = "HTTP/1.1 403";

}  // namespace

TEST_CASE("a page is told of the swarm, and the swarm not of the page", "[tracker_node]") {
  swarm_world w;
  auto& first = w.add_peer(1);
  REQUIRE(first.client().publish(offer(4)).has_value());
  first.start();
  REQUIRE(w.until([&] { return first.sees(1) && first.rows().share_count() == 1; }));
  auto& looks = page(w);
  looks.listen();
  REQUIRE(w.until([&] { return looks.heard<tracking::snapshot>().has_value(); }));
  const auto welcome = looks.heard<tracking::welcome>();
  REQUIRE(welcome.has_value());
  CHECK(welcome->address == "127.0.0.1");
  CHECK_FALSE(welcome->reachable);
  CHECK(welcome->heartbeat_ms == 100);
  const auto all = looks.heard<tracking::snapshot>();
  CHECK(all->peers.size() == 1);
  CHECK(all->shares.size() == 1);

  REQUIRE(looks.say(tracking::watch{share(4)}));
  REQUIRE(w.until([&] { return looks.heard<tracking::swarm>().has_value(); }));
  CHECK(looks.heard<tracking::swarm>()->joined.size() == 1);

  auto& second = w.add_peer(2);
  second.start();
  REQUIRE(w.until([&] { return looks.heard<tracking::delta>().has_value() && first.sees(2); }));
  CHECK(looks.heard<tracking::delta>()->seq == all->seq + 1);
  CHECK(first.rows().peers().size() == 2);
  looks.close();
  REQUIRE(w.until([&] { return w.tracker().session_count() == 2; }));
}

TEST_CASE("a page shows that it lives by looking again", "[tracker_node]") {
  auto options = swarm_world::quick();
  options.session.heartbeat = std::chrono::milliseconds(500);
  swarm_world w(options);
  auto& mute = page(w);
  auto& lively = page(w);
  lively.hear();
  const time_point begun = clock::now();
  const auto one_is_silent = [&] { return w.tracker().ended(tracker_session_end::silent) > 0; };
  while (!w.until(one_is_silent, std::chrono::milliseconds(100))) {
    REQUIRE(clock::now() - begun < patience);
    REQUIRE(lively.say(tracking::look{}));
  }
  CHECK(w.tracker().ended(tracker_session_end::silent) == 1);
  CHECK(w.tracker().session_count() == 1);
  // Each look is answered, so the page knows that the tracker lives, too.
  const auto answers = lively.count<tracking::welcome>();
  REQUIRE(lively.say(tracking::look{}));
  CHECK(w.until([&] { return lively.count<tracking::welcome>() > answers; }));
  CHECK(lively.say(tracking::look{}));
  mute.close();
}

TEST_CASE("what only a peer may say ends the session of a page", "[tracker_node]") {
  swarm_world w;
  tracking::join join;
  join.peer = peer(7);
  join.name = "p";
  const std::vector<tracking::peer_message> all{join,
                                                tracking::publish{{offer(1)}},
                                                tracking::withdraw{{share(1)}},
                                                tracking::progress{share(1), 1},
                                                tracking::hashing{},
                                                tracking::unreached{share(1), {}}};
  for (const auto& message : all) {
    CAPTURE(tracking::encode(message));
    auto& one = page(w);
    one.listen();
    REQUIRE(one.say(message));
    REQUIRE(w.until([&] { return one.ended(); }));
    REQUIRE(one.heard<tracking::failure>().has_value());
    CHECK(one.heard<tracking::failure>()->code == "protocol");
  }
  auto& joined = w.add_raw();
  REQUIRE(joined.open(w.where()));
  joined.listen();
  REQUIRE(joined.say(join));
  REQUIRE(joined.say(tracking::look{}));
  REQUIRE(w.until([&] { return joined.ended(); }));
  CHECK(joined.heard<tracking::failure>()->code == "protocol");
  CHECK(w.until([&] { return w.tracker().ended(tracker_session_end::protocol) == all.size() + 1; }));
}

TEST_CASE("a page leaves at once when it says so", "[tracker_node]") {
  swarm_world w;
  auto& one = page(w);
  REQUIRE(one.say(tracking::leave{}));
  CHECK(w.until([&] { return w.tracker().ended(tracker_session_end::left) == 1; }));
}

TEST_CASE("one page too many is told so, and those that are here stay", "[tracker_node]") {
  auto options = swarm_world::quick();
  options.limits.lookers_per_address_max = 2;
  swarm_world w(options);
  for (int i = 0; i < 2; ++i) page(w).listen();
  auto& third = page(w);
  third.listen();
  REQUIRE(w.until([&] { return third.ended(); }));
  REQUIRE(third.heard<tracking::failure>().has_value());
  CHECK(third.heard<tracking::failure>()->code == "limit");
  CHECK(w.until([&] { return w.tracker().session_count() == 2; }));
  auto& guest = w.add_peer(1);
  guest.start();
  CHECK(w.until([&] { return guest.connected(); }));
}

TEST_CASE("only pages of the tracker itself may look, under a name of its machine", "[tracker_node]") {
  auto options = swarm_world::quick();
  options.host_names = {"files.example"};
  swarm_world w(options);
  const std::string here = to_text(w.where());
  const std::string port = std::to_string(w.where().port());
  CHECK(status_of(w, "Host: " + here + "\r\nOrigin: http://" + here + "\r\n") == taken);
  CHECK(status_of(w, "Host: localhost:" + port + "\r\nOrigin: http://localhost:" + port + "\r\n") == taken);
  CHECK(status_of(w, "Host: Files.example\r\nOrigin: https://files.example\r\n") == taken);
  // No browser.
  CHECK(status_of(w, "Host: anything\r\n") == taken);
  CHECK(status_of(w, "Host: " + here + "\r\nOrigin: http://evil.example\r\n") == refused);
  CHECK(status_of(w, "Host: " + here + "\r\nOrigin: http://127.0.0.1:1\r\n") == refused);
  CHECK(status_of(w, "Host: " + here + "\r\nOrigin: null\r\n") == refused);
  CHECK(status_of(w, "Host: " + here + "\r\nOrigin:\r\n") == refused);
  CHECK(status_of(w, "Host: " + here + "\r\nOrigin: http://" + here + "\r\nOrigin: http://evil.example\r\n") ==
        refused);
  // A name of another site that was made to mean this machine.
  CHECK(status_of(w, "Host: evil.example:" + port + "\r\nOrigin: http://evil.example:" + port + "\r\n") == refused);
  CHECK(status_of(w, "Origin: http://" + here + "\r\n") == refused);
}
