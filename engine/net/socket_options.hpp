// Socket options of the bulk data path that Asio has no names for.
//
// For sessions that move payload, on the network thread. Failures are ignored: the options only make it faster.
// Measured reasons: docs/DESIGN.md, Threads.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>

#include "core/time.hpp"

namespace shoal {

/// Kernel receive buffer of a session: lets a whole window of requests arrive while the reader is elsewhere.
inline constexpr int bulk_receive_buffer_bytes = 4 * 1024 * 1024;
/// Most that a reader waits for at a time.
inline constexpr std::uint32_t low_watermark_bytes_max = 1024 * 1024;

/// Unsent payload in the kernel: enough for the network thread's absence, and little for a peer that does not read.
inline constexpr int unsent_bytes_max = 128 * 1024;

/// SO_RCVBUF for bulk data; set before connect or listen.
void set_bulk_receive(boost::asio::ip::tcp::socket& socket);
void set_bulk_receive(boost::asio::ip::tcp::acceptor& acceptor);

/// SO_RCVLOWAT: wake the reader only when `bytes` are there. Never more than the other side is about to send, or the
/// wait hangs; 1 for messages. Sets nothing if it is unchanged from `current`, which it updates.
void set_low_watermark(boost::asio::ip::tcp::socket& socket, std::uint32_t bytes, std::uint32_t& current);

/// TCP_NOTSENT_LOWAT: at most unsent_bytes_max wait in the kernel to be sent, besides what is on its way. Messages wait
/// behind them, and what a slow reader has not taken counts as sent.
void set_unsent_max(boost::asio::ip::tcp::socket& socket);

/// CUBIC (RFC 9438) instead of BBR for what is sent from now on; any other choice of the system stays. BBR lets nearly
/// each segment wait for a timer, which costs more processor time than to send it; CUBIC's pace is so high that the
/// timer hardly ever runs.
void leave_bbr(boost::asio::ip::tcp::socket& socket);

/// What the kernel has measured from this side to the other and back (TCP_INFO, RFC 6298 smoothed); zero if it does not
/// tell.
duration round_trip(boost::asio::ip::tcp::socket& socket);

}  // namespace shoal
