// One connection that speaks HTTP/1.1: it takes one request after the other (RFC 9112, section 9).
//
// Beast reads a request; http_handler answers it. A connection that says nothing, or takes nothing, has a deadline from
// its beginning on. An idle one holds no buffer. What its requests cost is charged to its origin
// (policy/message_budget); when that has overspent, the connection waits. While nothing is read, segments that only
// wake the thread are counted, and of an origin that floods they are dropped. Owned by http_server.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include "content/metainfo.hpp"

#include "gateway/http_exchange.hpp"

namespace shoal {

class http_handler {
 public:
  /// Answers the request of the exchange.
  virtual awaitable<void> answer(http_exchange& with) = 0;
  /// Who sent this header may send the body that it announces. Otherwise the request is answered without it, and the
  /// connection ends.
  virtual bool takes_body(http_exchange& with) const = 0;

 protected:
  ~http_handler() = default;
};

/// From the first byte to the end of a header.
inline constexpr duration http_header_timeout = std::chrono::seconds(10);
/// From one request to the next.
inline constexpr duration http_idle_timeout = std::chrono::seconds(60);
/// Without a byte that the client takes, or sends of a body.
inline constexpr duration http_stall_timeout = std::chrono::seconds(60);
/// A client whose request was refused may send so long, and so much, before the connection is reset.
inline constexpr duration http_linger_timeout = std::chrono::seconds(2);
inline constexpr std::size_t http_linger_bytes_max = 1024 * 1024;
/// The kernel holds about so much of an answer beside what is on its way. A client that does not read costs little.
inline constexpr std::uint32_t http_unsent_bytes_max = 512 * 1024;
/// Enough for the longest path of a share, each byte of it escaped.
inline constexpr std::uint32_t http_header_bytes_max = 16 * 1024;
/// Of a body, which only who has the token may send: the largest .torrent, in base64.
inline constexpr std::size_t http_body_bytes_max = torrent_bytes_max / 3 * 4 + 1024 * 1024;
/// The header of a request comes in no more reads than this with less than small_segment_bytes each.
inline constexpr std::uint32_t http_small_reads_max = 16;

class http_connection final : private read_observer {
 public:
  /// All that are named outlive this.
  http_connection(stream accepted, peer_context& context, wire::frame_memory& answers, origin_turns& turns,
                  const address_group& origin, http_handler& handler);
  http_connection(const http_connection&) = delete;
  http_connection& operator=(const http_connection&) = delete;

  /// Until the client leaves, or close().
  awaitable<void> serve();
  /// What was sent still arrives. Behind serve().
  void end() { line_.to.shutdown_send(); }
  /// Ends all waits.
  void close() { line_.close(); }
  /// When the client last took something; long ago if it never did.
  time_point sent_at() const { return line_.sent_at; }
  /// Closes it if it is late. To be called about once a second.
  void look(time_point now);

 private:
  void on_bytes_read(std::size_t bytes) override;
  using parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  enum class came : std::uint8_t { whole, without_body, nothing };
  /// Reads one request. `nothing`: there is none, and the connection is of no use.
  awaitable<came> read(boost::beast::flat_buffer& buffer, http_request& into);
  /// The same for the body of a request whose header came.
  awaitable<came> read_body(boost::beast::flat_buffer& buffer, parser& reads);
  /// Tells why what came cannot be answered.
  awaitable<void> refuse(const http_request& request, error_code failure);
  /// Reads a while what the client still sends. Otherwise the kernel resets the connection, and the client may lose the
  /// refusal (RFC 9112, 9.6).
  awaitable<void> linger();
  void expect(duration patience);
  void set_reading(bool reads);
  /// Counts what woke the thread though nothing is read.
  void count_unread(time_point now);

  http_handler& handler_;
  http_line line_;
  duration patience_ = http_header_timeout;
  std::uint32_t small_reads_ = 0;  ///< of this request
  bool reads_ = true;
  bool reads_body_ = false;
  bool drops_small_ = false;
  std::int64_t segments_ = 0;  ///< small ones, as far as they were counted
};

}  // namespace shoal
