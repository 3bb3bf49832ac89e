#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "net/stream.hpp"

namespace shoal {

namespace {

bool choose_congestion_control(int socket, const std::string& name) {
  return ::setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size())) == 0;
}

std::string congestion_control(int socket) {
  std::array<char, 16> name{};
  socklen_t size = name.size();
  REQUIRE(::getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) == 0);
  return name.data();
}

struct connection {
  asio::io_context context;
  tcp::socket there{context};
  stream here{connected()};

  void say() { REQUIRE(here.send_some(std::array<std::uint8_t, 1>{1}).bytes == 1); }
  /// Waits until so many bytes have come to `to`, and takes them.
  void take(stream& to, std::size_t bytes) {
    std::vector<std::uint8_t> got(bytes);
    const auto deadline = clock::now() + std::chrono::seconds(10);
    while (!got.empty() && clock::now() < deadline) {
      const auto some = to.recv_some(got);
      REQUIRE_FALSE(some.is_over());
      got.resize(got.size() - some.bytes);
      if (some.would_block) std::this_thread::yield();
    }
    REQUIRE(got.empty());
  }

 private:
  tcp::socket connected() {
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    tcp::socket dialled(context);
    dialled.connect(acceptor.local_endpoint());
    acceptor.accept(there);
    asio::write(dialled, asio::buffer("x", 1));
    char got = 0;
    asio::read(there, asio::buffer(&got, 1));
    return dialled;
  }
};

}  // namespace

TEST_CASE("the least round trip is known, and no longer than the usual one") {
  connection c;
  CHECK(c.here.round_trip_min() > duration::zero());
  CHECK(c.here.round_trip_min() <= c.here.round_trip());
}

TEST_CASE("a path on which nothing is acknowledged is found out") {
  connection c;
  CHECK_FALSE(c.here.is_repeating());
  // From now on `there` drops all segments before TCP sees them.
  sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{1, &drop};
  REQUIRE(::setsockopt(c.there.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0);
  c.say();
  const auto deadline = clock::now() + std::chrono::seconds(10);
  while (!c.here.is_repeating() && clock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(c.here.is_repeating());
}

TEST_CASE("small segments are dropped on demand, and nothing is lost by it") {
  connection c;
  stream there(std::move(c.there));
  std::array<std::uint8_t, small_segment_bytes> bytes{7};
  std::array<std::uint8_t, 2 * small_segment_bytes> got{};
  there.drop_small_segments(true);
  REQUIRE(c.here.send_some(bytes).bytes == bytes.size());
  c.take(there, bytes.size());
  c.say();
  const auto deadline = clock::now() + std::chrono::seconds(10);
  // It is sent again, because it does not come.
  while (!c.here.is_repeating() && clock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(there.recv_some(got).would_block);
  there.drop_small_segments(false);
  while (there.recv_some(got).bytes == 0 && clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(got[0] == 1);
}

TEST_CASE("segments that bring little are counted") {
  connection c;
  stream there(std::move(c.there));
  const auto before = there.small_segments();
  for (int i = 0; i < 5; ++i) {
    c.say();
    c.take(there, 1);
  }
  CHECK(there.small_segments() == before + 5);
  const std::array<std::uint8_t, 2 * small_segment_bytes> bytes{};
  REQUIRE(c.here.send_some(bytes).bytes == bytes.size());
  c.take(there, bytes.size());
  CHECK(there.small_segments() < before + 5);
}

TEST_CASE("a socket leaves BBR, and no other congestion control") {
  asio::io_context context;
  tcp::socket opened(context, tcp::v4());
  const int socket = opened.native_handle();
  stream subject(std::move(opened));
  REQUIRE(choose_congestion_control(socket, "reno"));
  subject.leave_bbr();
  CHECK(congestion_control(socket) == "reno");
  if (!choose_congestion_control(socket, "cubic") || !choose_congestion_control(socket, "bbr")) {
    WARN("this kernel has no BBR and CUBIC to choose from");
    return;
  }
  subject.leave_bbr();
  CHECK(congestion_control(socket) == "cubic");
}

}  // namespace shoal
