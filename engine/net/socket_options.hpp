// Socket options of the bulk data path that Asio has no names for.
//
// For sessions that move payload, on the network thread. Failures are ignored: the options only make it faster.
// Measured reasons: docs/DESIGN.md, Threads.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>

#include "core/time.hpp"

namespace shoal {

/// Kernel receive buffer of a session with a near peer: lets a whole window of requests arrive while the reader is
/// elsewhere.
inline constexpr int bulk_receive_buffer_bytes = 4 * 1024 * 1024;
/// Most that a reader waits for at a time.
inline constexpr std::uint32_t low_watermark_bytes_max = 1024 * 1024;

/// SO_RCVBUF for bulk data from a near peer. Not for a far one: the kernel then no longer enlarges the buffer by
/// itself, as a long way needs, and on most systems net.core.rmem_max makes it 416 KiB.
void set_bulk_receive(boost::asio::ip::tcp::socket& socket);

/// After an outage of a few seconds what was lost is sent again within a second of its end: TCP_RTO_MAX_MS (Linux 6.15)
/// bounds the time that doubles with each attempt (RFC 6298, 5.5), and TCP_THIN_LINEAR_TIMEOUTS leaves it as it is for
/// the first attempts where little is under way, as requests are.
void set_quick_recovery(boost::asio::ip::tcp::socket& socket);

/// TCP_USER_TIMEOUT (RFC 5482): what is sent and not acknowledged for so long breaks the connection.
void set_acknowledged_within(boost::asio::ip::tcp::socket& socket, duration timeout);

/// SO_RCVLOWAT: wake the reader only when `bytes` are there. Never more than the other side is about to send, or the
/// wait hangs; 1 for messages. Sets nothing if it is unchanged from `current`, which it updates.
void set_low_watermark(boost::asio::ip::tcp::socket& socket, std::uint32_t bytes, std::uint32_t& current);

/// TCP_NOTSENT_LOWAT: about so many bytes wait in the kernel to be sent, besides what is on its way. Messages wait
/// behind them, and what a slow reader has not taken counts as sent.
void set_unsent_max(boost::asio::ip::tcp::socket& socket, std::uint32_t bytes);

/// CUBIC (RFC 9438) instead of BBR for what is sent from now on; any other choice of the system stays. BBR lets nearly
/// each segment wait for a timer, which costs more processor time than to send it; CUBIC's pace is so high that the
/// timer hardly ever runs.
void leave_bbr(boost::asio::ip::tcp::socket& socket);

/// What the kernel has measured from this side to the other and back (TCP_INFO, RFC 6298 smoothed); zero if it does not
/// tell.
duration round_trip(boost::asio::ip::tcp::socket& socket);
/// The least of it in the last minutes: without the time that segments wait in queues. At the start of a connection
/// over a busy link it is too much, too.
duration round_trip_min(boost::asio::ip::tcp::socket& socket);

/// What was sent was not acknowledged in time, has been sent again twice at least, and nothing was acknowledged since
/// (RFC 6298, 5.4 to 5.6). Once is usual where links are busy and queues are short.
bool is_repeating(boost::asio::ip::tcp::socket& socket);

}  // namespace shoal
