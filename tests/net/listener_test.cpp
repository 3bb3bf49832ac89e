#include "net/listener.hpp"

#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <list>

#include "net/endpoint.hpp"
#include "tests/net/world.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

const tcp::endpoint anywhere(asio::ip::address_v4::loopback(), 0);

struct listening : world {
  std::vector<std::uint8_t> first;
  std::vector<stream> connections;
  std::vector<std::uint8_t> strangers;
  swarm_keys keys;
  listener subject{executor(), keys,
                   [this](stream connection, std::uint8_t byte) {
                     first.push_back(byte);
                     connections.push_back(std::move(connection));
                   },
                   [this](stream, std::uint8_t byte) { strangers.push_back(byte); }};

  explicit listening(const tcp::endpoint& where = anywhere) {
    REQUIRE(subject.open(where).has_value());
    tasks.spawn("listener", subject.run());
  }
  ~listening() {
    subject.stop();
    SHOAL_ASSERT(drain());
  }
  tcp::socket connect() {
    tcp::socket socket(executor());
    socket.connect(subject.local());
    return socket;
  }
};

}  // namespace

TEST_CASE("a connection is handed over with its first byte still to read", "[listener]") {
  listening w;
  auto one = w.connect();
  auto two = w.connect();
  asio::write(two, asio::buffer("GET", 3));
  REQUIRE(w.until([&] { return w.first.size() == 1; }));
  asio::write(one, asio::buffer("\x13", 1));
  REQUIRE(w.until([&] { return w.first.size() == 2; }));
  CHECK(w.first == std::vector<std::uint8_t>{'G', 0x13});
  std::array<std::uint8_t, 4> text{};
  CHECK(w.connections[0].recv_some(text).bytes == 3);
  CHECK(text == std::array<std::uint8_t, 4>{'G', 'E', 'T'});
}

TEST_CASE("connections that end unheard are dropped", "[listener]") {
  listening w;
  w.connect().close();
  auto later = w.connect();
  asio::write(later, asio::buffer("x", 1));
  REQUIRE(w.until([&] { return w.first.size() == 1; }));
  CHECK(w.first.front() == 'x');
}

TEST_CASE("stop closes what is still silent", "[listener]") {
  listening w;
  auto silent = w.connect();
  auto last = w.connect();
  asio::write(last, asio::buffer("x", 1));
  REQUIRE(w.until([&] { return w.first.size() == 1; }));
  w.subject.stop();
  w.subject.stop();
  CHECK(w.drain());
  std::uint8_t byte = 0;
  error_code ec;
  CHECK(silent.read_some(asio::buffer(&byte, 1), ec) == 0);
  CHECK(ec);
}

TEST_CASE("too many silent connections push the oldest out", "[listener]") {
  listening w;
  std::vector<tcp::socket> silent;
  for (std::size_t i = 0; i < silent_connections_max; ++i) silent.push_back(w.connect());
  auto extra = w.connect();
  silent.front().non_blocking(true);
  std::uint8_t byte = 0;
  error_code ec;
  REQUIRE(w.until([&] {
    (void)silent.front().read_some(asio::buffer(&byte, 1), ec);
    return ec && ec != asio::error::would_block;
  }));
  CHECK(w.first.empty());
  asio::write(extra, asio::buffer("x", 1));
  REQUIRE(w.until([&] { return w.first.size() == 1; }));
}

TEST_CASE("the kernel drops what an origin opens too often, and lets others in", "[listener]") {
  for (const std::string origin : {"127.0.0.1", "::1"}) {
    world w;
    const swarm_keys keys;
    std::size_t heard = 0;
    listener subject(
        w.executor(), keys, [&](stream, std::uint8_t) { ++heard; }, [](stream, std::uint8_t) {}, silent_connections_max,
        {3, 2});
    REQUIRE(subject.open(tcp::endpoint(asio::ip::address_v6::any(), 0)).has_value());
    w.tasks.spawn("listener", subject.run());
    const std::uint16_t port = subject.local().port();
    std::list<tcp::socket> sockets;
    const auto connect = [&](const std::string& from) {
      tcp::socket& one = sockets.emplace_back(w.executor());
      const auto address = asio::ip::make_address(from);
      one.open(address.is_v4() ? tcp::v4() : tcp::v6());
      one.bind({address, 0});
      const auto to = address.is_v4() ? asio::ip::make_address("127.0.0.1") : address;
      one.async_connect({to, port}, [&one](error_code ec) {
        if (!ec) (void)one.write_some(asio::buffer("x", 1), ec);
      });
    };
    for (int i = 0; i < 3; ++i) connect(origin);
    REQUIRE(w.until([&] { return heard == 3; }));
    const time_point held = clock::now();
    connect(origin);
    connect("127.0.0.2");
    REQUIRE(w.until([&] { return heard == 4; }));
    // The next attempt of the kernel is a second later.
    REQUIRE(w.until([&] { return heard == 5; }));
    CHECK(clock::now() - held > std::chrono::milliseconds(400));
    subject.stop();
    CHECK(w.drain());
  }
}

TEST_CASE("a port in use is named with the remedy", "[listener]") {
  listening w;
  listener second(w.executor(), w.keys, [](stream, std::uint8_t) {}, [](stream, std::uint8_t) {});
  const auto opened = second.open(w.subject.local());
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == errc::address_in_use);
  CHECK(opened.error().text.find(to_text(w.subject.local())) != std::string::npos);
  CHECK(opened.error().helps == remedy::other_port);
}

TEST_CASE("all addresses means IPv6 and IPv4", "[listener]") {
  listening w(tcp::endpoint(asio::ip::address_v6::any(), 0));
  tcp::socket four(w.executor());
  four.connect({asio::ip::address_v4::loopback(), w.subject.local().port()});
  asio::write(four, asio::buffer("4", 1));
  tcp::socket six(w.executor());
  six.connect({asio::ip::address_v6::loopback(), w.subject.local().port()});
  asio::write(six, asio::buffer("6", 1));
  REQUIRE(w.until([&] { return w.first.size() == 2; }));
  for (const stream& one : w.connections) {
    REQUIRE(one.remote());
    CHECK(plain_address(*one.remote()).is_loopback());
  }
}
