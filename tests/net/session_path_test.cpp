#include "peer/session/session_path.hpp"

#include <linux/filter.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/net/world.hpp"

using namespace std::chrono_literals;

namespace shoal::testing {

namespace {

/// A path over the loopback, at times that the test makes up.
struct short_way {
  asio::io_context context;
  tcp::socket there{context};
  stream here{connected()};
  time_point begun = clock::now();
  session_path path{here, peer_address{"192.0.2.1", 7001}, 100ms, begun};

  /// From now on the other side acknowledges nothing.
  void cut() {
    std::array<sock_filter, 1> nothing{sock_filter{BPF_RET | BPF_K, 0, 0, 0}};
    const sock_fprog program{nothing.size(), nothing.data()};
    REQUIRE(::setsockopt(there.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0);
  }
  void say() { REQUIRE(here.send_some(std::array<std::uint8_t, 1>{1}).bytes == 1); }

 private:
  tcp::socket connected() {
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    tcp::socket dialled(context);
    dialled.connect(acceptor.local_endpoint());
    acceptor.accept(there);
    return dialled;
  }
};

}  // namespace

TEST_CASE("a path knows its ends and its length", "[session_path]") {
  short_way way;
  CHECK(way.path.dialled() == peer_address{"192.0.2.1", 7001});
  CHECK(way.path.remote_address() == asio::ip::address_v4::loopback());
  CHECK(way.path.local_address() == asio::ip::address_v4::loopback());
  CHECK(way.path.distance() == std::max<duration>(100ms, way.path.round_trip_min()));
  way.here.close();
  CHECK(way.path.remote_address().is_unspecified());
}

TEST_CASE("the time to a handshake counts as distance only up to a bound", "[session_path]") {
  short_way way;
  const session_path slow(way.here, std::nullopt, 1h, way.begun);
  CHECK(slow.distance() == answered_in_counted);
}

TEST_CASE("what comes in ends silence, and what is sent does not", "[session_path]") {
  short_way way;
  way.path.on_sent(way.begun + 10s);
  CHECK(way.path.silent_for(way.begun + 20s) == 20s);
  CHECK(way.path.quiet_for(way.begun + 20s) == 20s);
  CHECK(way.path.keep_alive_at() == way.begun + 10s + keep_alive_interval);
  way.path.on_payload_sent(way.begun + 30s);
  CHECK(way.path.silent_for(way.begun + 40s) == 40s);
  CHECK(way.path.quiet_for(way.begun + 40s) == 10s);
  CHECK(way.path.keep_alive_at() == way.begun + 30s + keep_alive_interval);
  CHECK_FALSE(way.path.on_heard(way.begun + 50s));
  CHECK(way.path.silent_for(way.begun + 55s) == 5s);
  CHECK(way.path.quiet_for(way.begun + 55s) == 5s);
  CHECK(way.path.idle_at(way.begun + 60s) == way.begun + 50s + session_idle_max);
}

TEST_CASE("only payload is use of a path, and messages are not", "[session_path]") {
  short_way way;
  CHECK_FALSE(way.path.last_use());
  CHECK_FALSE(way.path.on_heard(way.begun + 1s));
  CHECK_FALSE(way.path.last_use());
  way.path.on_payload_begins(way.begun + 2s);
  CHECK(way.path.last_use() == way.begun + 2s);
  CHECK_FALSE(way.path.on_heard(way.begun + 3s));
  way.path.on_sent(way.begun + 3s);
  CHECK(way.path.last_use() == way.begun + 2s);
  way.path.on_payload(way.begun + 4s);
  CHECK(way.path.last_use() == way.begun + 4s);
  way.path.on_payload_sent(way.begun + 5s);
  CHECK(way.path.last_use() == way.begun + 5s);
}

TEST_CASE("a limit that keeps us from reading is no silence", "[session_path]") {
  short_way way;
  way.path.on_limited(true);
  CHECK(way.path.silent_for(way.begun + 1h) == 0s);
  CHECK(way.path.quiet_for(way.begun + 1h) == 0s);
  CHECK(way.path.idle_at(way.begun + 1h) == way.begun + 1h + session_idle_max);
  CHECK_FALSE(way.path.begins_check(way.begun + 1h));
  way.path.on_limited(false);
  CHECK(way.path.silent_for(way.begun + 1h) == 1h);
  CHECK(way.path.quiet_for(way.begun + 1h + 1s) == 1s);
}

TEST_CASE("a silent path is checked once for each time that it was heard", "[session_path]") {
  short_way way;
  CHECK_FALSE(way.path.begins_check(way.begun + path_check_after / 2));
  CHECK(way.path.begins_check(way.begun + path_check_after));
  CHECK_FALSE(way.path.begins_check(way.begun + 2 * path_check_after));
  CHECK_FALSE(way.path.on_heard(way.begun + 1s));
  CHECK_FALSE(way.path.begins_check(way.begun + 1s));
  CHECK(way.path.begins_check(way.begun + 1s + path_check_after));
}

TEST_CASE("a path is lost if what is sent is not acknowledged, until something comes", "[session_path]") {
  short_way way;
  const time_point silent = way.begun + path_check_after;
  CHECK(way.path.begins_check(silent));
  CHECK_FALSE(way.path.is_repeating());
  // Silence alone is no loss: the peer may have nothing to say.
  CHECK_FALSE(way.path.is_lost(silent + 1h));
  way.cut();
  way.say();
  const time_point deadline = clock::now() + patience;
  while (!way.here.is_repeating() && clock::now() < deadline) std::this_thread::sleep_for(10ms);
  CHECK(way.path.is_repeating());
  CHECK_FALSE(way.path.is_lost(silent + path_lost_after / 2));
  CHECK(way.path.is_lost(silent + 1h));
  CHECK(way.path.on_heard(silent + 1h));
  CHECK_FALSE(way.path.is_lost(silent + 1h));
  CHECK_FALSE(way.path.on_heard(silent + 1h));
}

}  // namespace shoal::testing
