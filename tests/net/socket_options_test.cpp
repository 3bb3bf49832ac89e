#include "net/socket_options.hpp"

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

namespace shoal {

namespace {

namespace asio = boost::asio;

bool choose_congestion_control(asio::ip::tcp::socket& socket, const std::string& name) {
  return ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, name.data(),
                      static_cast<socklen_t>(name.size())) == 0;
}

std::string congestion_control(asio::ip::tcp::socket& socket) {
  std::array<char, 16> name{};
  socklen_t size = name.size();
  REQUIRE(::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) == 0);
  return name.data();
}

struct connection {
  asio::io_context context;
  asio::ip::tcp::socket here{context};
  asio::ip::tcp::socket there{context};

  connection() {
    asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    here.connect(acceptor.local_endpoint());
    acceptor.accept(there);
    asio::write(here, asio::buffer("x", 1));
    char got = 0;
    asio::read(there, asio::buffer(&got, 1));
  }
};

}  // namespace

TEST_CASE("the least round trip is known, and no longer than the usual one") {
  connection c;
  CHECK(round_trip_min(c.here) > duration::zero());
  CHECK(round_trip_min(c.here) <= round_trip(c.here));
}

TEST_CASE("a path on which nothing is acknowledged is found out") {
  connection c;
  CHECK_FALSE(is_repeating(c.here));
  // From now on `there` drops all segments before TCP sees them.
  sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{1, &drop};
  REQUIRE(::setsockopt(c.there.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0);
  asio::write(c.here, asio::buffer("x", 1));
  const auto deadline = clock::now() + std::chrono::seconds(10);
  while (!is_repeating(c.here) && clock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(is_repeating(c.here));
}

TEST_CASE("a socket leaves BBR, and no other congestion control") {
  asio::io_context context;
  asio::ip::tcp::socket socket(context, asio::ip::tcp::v4());
  REQUIRE(choose_congestion_control(socket, "reno"));
  leave_bbr(socket);
  CHECK(congestion_control(socket) == "reno");
  if (!choose_congestion_control(socket, "cubic") || !choose_congestion_control(socket, "bbr")) {
    WARN("this kernel has no BBR and CUBIC to choose from");
    return;
  }
  leave_bbr(socket);
  CHECK(congestion_control(socket) == "cubic");
}

}  // namespace shoal
