// What a peer cannot do to a tracker: floods of frames that are no messages, and a port that was only guessed to be
// shut.

#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include "tests/net/swarm_world.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

/// A WebSocket that is written by hand. Frames are masked with zeros (RFC 6455, 5.3).
class frame_flood {
 public:
  /// Writes `first`, and then `frames` again and again, until the tracker closes.
  frame_flood(world& w, tcp::endpoint tracker, std::string frames, std::string first = {})
      : socket_(w.executor()), frames_(std::move(frames)), first_(std::move(first)) {
    w.tasks.spawn("flood", run(tracker));
  }
  void stop() {
    error_code ignored;
    socket_.close(ignored);
  }
  bool ended() const { return ended_; }
  std::size_t bytes() const { return bytes_; }

 private:
  awaitable<void> run(tcp::endpoint tracker) {
    (void)co_await socket_.async_connect(tracker, use_tuple);
    const std::string request =
        "GET /live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    const auto asked = asio::buffer(request);
    (void)co_await asio::async_write(socket_, asked, use_tuple);
    std::string answer;
    auto into = asio::dynamic_buffer(answer);
    (void)co_await asio::async_read_until(socket_, into, "\r\n\r\n", use_tuple);
    const auto beginning = asio::buffer(first_);
    (void)co_await asio::async_write(socket_, beginning, use_tuple);
    const auto bytes = asio::buffer(frames_);
    while (!ended_) {
      const auto wrote = co_await asio::async_write(socket_, bytes, use_tuple);
      ended_ = static_cast<bool>(std::get<0>(wrote));
      bytes_ += std::get<1>(wrote);
    }
  }

  tcp::socket socket_;
  std::string frames_;
  std::string first_;
  std::size_t bytes_ = 0;
  bool ended_ = false;
};

/// One message in one frame.
std::string frame_of(const tracking::peer_message& message) {
  const std::string text = tracking::encode(message);
  std::string frame("\x81");
  if (text.size() < 126) {
    frame += static_cast<char>(0x80 | text.size());
  } else {
    frame += {'\xfe', static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xff)};
  }
  return frame + std::string(4, '\0') + text;
}

tracking::join join_of(std::uint8_t n) {
  tracking::join join;
  join.peer = peer(n);
  join.name = "raw" + std::to_string(n);
  return join;
}

}  // namespace

TEST_CASE("a flood of frames that are no messages ends its session", "[tracker_node]") {
  const std::string mask(4, '\0');
  const std::string frames[] = {
      "\x89\x80" + mask,                          // pings
      "\x8a\x80" + mask,                          // pongs
      "\x89\xfd" + mask + std::string(125, 'x'),  // pings with content
      std::string("\x01\x81", 2) + mask + "x",    // a message that begins anew in each frame, which is an error
  };
  for (const std::string& frame : frames) {
    swarm_world w;
    auto& witness = w.add_peer(1);
    witness.start();
    REQUIRE(w.until([&] { return witness.connected(); }));
    std::string many;
    for (int i = 0; i < 1000; ++i) many += frame;
    frame_flood flood(w, w.where(), many);
    CHECK(w.until([&] { return flood.ended(); }));
    // What was on its way in the kernel counts, too.
    CHECK(flood.bytes() < 16 * MiB);
    CHECK(w.until([&] { return w.tracker().ended(tracker_session_end::protocol) == 1; }));
    CHECK(witness.connected());
    flood.stop();
  }
}

TEST_CASE("fragments without content end their session", "[tracker_node]") {
  swarm_world w;
  // The first one begins a message, which does not end.
  const std::string mask(4, '\0');
  std::string fragments = std::string("\x01\x81", 2) + mask + "x";
  for (int i = 0; i < 2'000'000; ++i) fragments += std::string("\x00\x80", 2) + mask;
  frame_flood flood(w, w.where(), fragments);
  CHECK(w.until([&] { return flood.ended(); }));
  CHECK(flood.bytes() < fragments.size());
  CHECK(w.until([&] { return w.tracker().ended(tracker_session_end::protocol) == 1; }));
  flood.stop();
}

TEST_CASE("heartbeats and many small messages are no flood", "[tracker_node]") {
  swarm_world w;
  auto& raw = w.add_raw();
  REQUIRE(raw.open(w.where()));
  REQUIRE(raw.say(join_of(2)));
  raw.listen();
  for (int i = 0; i < 2000; ++i) REQUIRE(raw.say(tracking::unwatch{share(1)}));
  CHECK(w.until([&] { return raw.heard<tracking::welcome>().has_value(); }));
  CHECK_FALSE(raw.ended());
}

TEST_CASE("members of one origin that flood are read slowly, and their neighbours at once", "[tracker_node]") {
  swarm_world w;
  auto& speaker = w.add_peer(1);
  auto& witness = w.add_peer(2);
  speaker.start();
  witness.start();
  REQUIRE(w.until([&] { return speaker.connected() && witness.connected(); }));
  std::string many;
  for (int i = 0; i < 1000; ++i) many += frame_of(tracking::watch{share(9)}) + frame_of(tracking::unwatch{share(9)});
  std::vector<std::unique_ptr<frame_flood>> floods;
  for (std::uint8_t n = 0; n < 8; ++n) {
    const std::string first = frame_of(join_of(static_cast<std::uint8_t>(100 + n)));
    floods.push_back(std::make_unique<frame_flood>(w, w.where(), many, first));
  }
  for (std::uint8_t n = 1; n <= 30; ++n) {
    REQUIRE(speaker.client().publish(offer(n)).has_value());
    REQUIRE(w.until([&] { return witness.rows().share(share(n)).has_value(); }));
  }
  std::size_t bytes = 0;
  for (const auto& flood : floods) {
    CHECK_FALSE(flood->ended());
    bytes += flood->bytes();
    flood->stop();
    REQUIRE(w.until([&] { return flood->ended(); }));
  }
  // The most of this is in the kernel.
  CHECK(bytes < 64 * MiB);
}

TEST_CASE("a port that was only guessed to be shut is dialled back later", "[tracker_node]") {
  tracker_options options = swarm_world::quick();
  options.session.dial_back_interval = std::chrono::milliseconds(500);
  swarm_world w(options);
  // So many shut ports of one address that further ones are guessed to be shut.
  for (std::uint8_t n = 0; n < dial_backs::shut_ports_max; ++n) {
    auto& raw = w.add_raw();
    REQUIRE(raw.open(w.where()));
    tracking::join join = join_of(static_cast<std::uint8_t>(100 + n));
    join.port = static_cast<std::uint16_t>(1 + n);
    REQUIRE(raw.say(join));
    raw.listen();
    REQUIRE(w.until([&] { return raw.heard<tracking::welcome>().has_value(); }));
  }
  auto& late = w.add_peer(1);
  REQUIRE(late.client().publish(offer(1)).has_value());
  late.start();
  REQUIRE(w.until([&] { return late.connected(); }));
  CHECK_FALSE(late.client().state().reachable);
  CHECK(w.until([&] { return late.client().state().reachable; }));
  CHECK(w.until([&] { return late.rows().peer(peer(1)) != nullptr && late.rows().peer(peer(1))->reachable; }));
  CHECK(late.connects == 1);
}
