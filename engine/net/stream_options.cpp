// stream: what the kernel tells of the path, and is told of it.

#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/stream.hpp"
#include "net/tls_connection.hpp"

namespace shoal {

void stream::set_receive_buffer(std::uint32_t bytes) {
  constexpr int so_buf_lock = 72;  // Linux 5.15, newer than the headers
  constexpr int unlocked = 0;
  const int wanted = static_cast<int>(bytes);
  if (bytes != 0) {
    (void)::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
  } else {
    (void)::setsockopt(socket_.native_handle(), SOL_SOCKET, so_buf_lock, &unlocked, sizeof unlocked);
  }
}

void stream::set_quick_recovery() {
  constexpr int tcp_rto_max_ms = 44;  // newer than the headers
  constexpr int rto_max_ms = 1000;    // the least that the kernel takes
  constexpr int on = 1;
  (void)::setsockopt(socket_.native_handle(), IPPROTO_TCP, tcp_rto_max_ms, &rto_max_ms, sizeof rto_max_ms);
  (void)::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, &on, sizeof on);
}

void stream::set_acknowledged_within(duration timeout) {
  const auto value = static_cast<unsigned>(std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count());
  (void)::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &value, sizeof value);
}

void stream::set_low_watermark(std::uint32_t bytes) {
  const std::uint32_t wanted = std::clamp<std::uint32_t>(bytes, 1, low_watermark_bytes_max);
  if (wanted == low_watermark_) return;
  const int value = static_cast<int>(wanted);
  const bool set = ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &value, sizeof value) == 0;
  if (set) low_watermark_ = wanted;
}

void stream::set_unsent_max(std::uint32_t bytes) {
  const int value = static_cast<int>(bytes);
  (void)::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value);
}

void stream::drop_small_segments(bool drop) {
  if (!drop) {
    constexpr int nothing = 0;
    (void)::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_DETACH_FILTER, &nothing, sizeof nothing);
    return;
  }
  // Of the TCP header (RFC 9293, 3.1): how long it is in words, in the upper half.
  constexpr std::uint32_t data_offset_at = 12;
  std::array<sock_filter, 10> steps{{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, data_offset_at),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
      BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 2),
      BPF_STMT(BPF_MISC | BPF_TAX, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
      BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0),
      // Now it is the payload. Less one, no payload at all is the largest number.
      BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 1),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, small_segment_bytes - 1, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
  }};
  const sock_fprog program{steps.size(), steps.data()};
  (void)::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

void stream::leave_bbr() {
  std::array<char, 16> name{};  // TCP_CA_NAME_MAX
  socklen_t size = name.size();
  if (::getsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) != 0) return;
  if (std::string_view(name.data()) != "bbr") return;
  constexpr std::string_view wanted = "cubic";
  (void)::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_CONGESTION, wanted.data(), wanted.size());
}

namespace {

/// tcp_info of <linux/tcp.h> up to what is used here: the C library's ends earlier, and its header excludes the
/// kernel's.
struct longer_tcp_info {
  tcp_info first;
  std::uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
  std::uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in;
};
static_assert(offsetof(longer_tcp_info, min_rtt) == 148);

/// All zero if the kernel does not tell.
longer_tcp_info info_of(tcp::socket& socket) {
  longer_tcp_info known{};
  socklen_t size = sizeof known;
  if (::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &known, &size) != 0) return {};
  return known;
}

}  // namespace

duration stream::round_trip() {
  return std::chrono::microseconds(info_of(socket_).first.tcpi_rtt);
}

duration stream::round_trip_min() {
  return std::chrono::microseconds(info_of(socket_).min_rtt);
}

std::int64_t stream::small_segments() {
  const longer_tcp_info known = info_of(socket_);
  const auto full = static_cast<std::int64_t>(known.bytes_received / small_segment_bytes);
  return std::int64_t{known.data_segs_in} - full + small_records();
}

std::int64_t stream::small_records() const {
  return tls_ ? tls_->small_records() : 0;
}

bool stream::is_repeating() {
  return info_of(socket_).first.tcpi_retransmits >= 2;
}

}  // namespace shoal
