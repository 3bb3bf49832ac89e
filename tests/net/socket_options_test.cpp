#include "net/socket_options.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <string>

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

}  // namespace

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
