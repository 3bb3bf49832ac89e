#include "net/socket_options.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shoal {

namespace asio = boost::asio;

void set_bulk_receive(asio::ip::tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(asio::socket_base::receive_buffer_size(bulk_receive_buffer_bytes), ignored);
}

void set_quick_recovery(asio::ip::tcp::socket& socket) {
  constexpr int tcp_rto_max_ms = 44;  // newer than the headers
  constexpr int rto_max_ms = 1000;    // the least that the kernel takes
  constexpr int on = 1;
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, tcp_rto_max_ms, &rto_max_ms, sizeof rto_max_ms);
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, &on, sizeof on);
}

void set_acknowledged_within(asio::ip::tcp::socket& socket, duration timeout) {
  const auto value = static_cast<unsigned>(std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count());
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &value, sizeof value);
}

void set_low_watermark(asio::ip::tcp::socket& socket, std::uint32_t bytes, std::uint32_t& current) {
  const std::uint32_t wanted = std::clamp<std::uint32_t>(bytes, 1, low_watermark_bytes_max);
  if (wanted == current) return;
  const int value = static_cast<int>(wanted);
  if (::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &value, sizeof value) == 0) current = wanted;
}

void set_unsent_max(asio::ip::tcp::socket& socket, std::uint32_t bytes) {
  const int value = static_cast<int>(bytes);
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value);
}

void leave_bbr(asio::ip::tcp::socket& socket) {
  std::array<char, 16> name{};  // TCP_CA_NAME_MAX
  socklen_t size = name.size();
  if (::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) != 0) return;
  if (std::string_view(name.data()) != "bbr") return;
  constexpr std::string_view wanted = "cubic";
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, wanted.data(), wanted.size());
}

namespace {

/// tcp_info of <linux/tcp.h> up to what is used here: the C library's ends earlier, and its header excludes the
/// kernel's.
struct longer_tcp_info {
  tcp_info first;
  std::uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
  std::uint32_t segs_out, segs_in, notsent_bytes, min_rtt;
};
static_assert(offsetof(longer_tcp_info, min_rtt) == 148);

/// All zero if the kernel does not tell.
longer_tcp_info info_of(asio::ip::tcp::socket& socket) {
  longer_tcp_info known{};
  socklen_t size = sizeof known;
  if (::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &known, &size) != 0) return {};
  return known;
}

}  // namespace

duration round_trip(asio::ip::tcp::socket& socket) {
  return std::chrono::microseconds(info_of(socket).first.tcpi_rtt);
}

duration round_trip_min(asio::ip::tcp::socket& socket) {
  return std::chrono::microseconds(info_of(socket).min_rtt);
}

bool is_repeating(asio::ip::tcp::socket& socket) {
  return info_of(socket).first.tcpi_retransmits >= 2;
}

}  // namespace shoal
