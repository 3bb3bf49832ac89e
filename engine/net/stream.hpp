// One TCP connection: the only place with raw input and output on TCP sockets.
//
// Attempts (recv_some, send_some, send_file) never wait and cost one system call. wait_readable() and wait_writable()
// say when another attempt is worth it. Everything else is made of these five. In a private swarm they go through TLS
// (net/tls_connection), and no user sees a difference. Users see bytes, in any amounts. They ask before an attempt how
// many they may move (policy/rate_limit). After an attempt to send that would block, the next one offers the same bytes
// first. Also an AsyncStream of Beast. Owns the socket; never blocks; has TCP_NODELAY. On one io_context and its
// thread; close() from there ends each wait. One reader and one writer at a time.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>
#include <memory>
#include <optional>
#include <span>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/swarm_key.hpp"
#include "core/time.hpp"
#include "net/io_attempt.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

class swarm_keys;
class tls_connection;

/// Most that a reader waits for at a time.
inline constexpr std::uint32_t low_watermark_bytes_max = 1024 * 1024;

/// A segment with less payload brings little for the time that it takes: see stream::drop_small_segments().
inline constexpr std::uint32_t small_segment_bytes = 512;

/// Hears how much came over a connection, before it is known what that is.
class read_observer {
 public:
  /// It may close the stream.
  virtual void on_bytes_read(std::size_t bytes) = 0;

 protected:
  ~read_observer() = default;
};

class stream {
 public:
  using executor_type = tcp::socket::executor_type;

  using attempt = io_attempt;
  /// Outcome of a wait, which may end early. A user that looks again anyway need not read it.
  using waited = std::tuple<error_code>;

  /// Not open yet: see connect().
  explicit stream(asio::any_io_executor executor);
  /// An accepted connection.
  explicit stream(tcp::socket connected);
  stream(stream&&) noexcept;
  stream& operator=(stream&&) noexcept;
  ~stream();

  executor_type get_executor() { return socket_.get_executor(); }
  bool is_open() const { return socket_.is_open(); }
  /// Opens and connects; asio::error::timed_out after `timeout`.
  awaitable<error_code> connect(tcp::endpoint where, duration timeout);
  /// From here on all bytes are encrypted, and both sides have proven that they have the key. A server that has a
  /// certificate also takes who calls without a key: then key() is empty. Before anything else is read or sent; one of
  /// the two sides calls each. `keys` outlives the stream. Errors as tls_connection::failure(). Without a deadline:
  /// close() ends it.
  awaitable<result<void>> secure_as_client(const swarm_keys& keys, const swarm_key& offered);
  awaitable<result<void>> secure_as_server(const swarm_keys& keys);
  /// The key that both sides have; nothing if the connection is in the clear, or was made with our certificate alone.
  const std::optional<key_id>& key() const { return key_; }
  /// Stays what it was when the stream is closed.
  bool is_encrypted() const { return is_encrypted_; }
  /// Idempotent. Ends all waits.
  void close();
  /// Like close(), but drops what is not sent yet, and tells the other side so.
  void reset();
  /// Nothing more will be sent. The other side sees the end of the stream behind what was sent.
  void shutdown_send();

  /// Reads what there is, at most `into`, which is not empty.
  attempt recv_some(std::span<std::uint8_t> into);
  /// Sends what there is room for. `more`: something follows at once and may share its segment.
  attempt send_some(byte_view bytes, bool more = false);
  /// Sends from a file what there is room for, past this process's memory. The result is an end if the file is shorter.
  attempt send_file(int descriptor, std::uint64_t offset, std::size_t bytes);
  /// Returns when recv_some() is worth it: `low_watermark` bytes are there (SO_RCVLOWAT), or the end. `low_watermark`
  /// is never more than the other side is about to send, or the wait hangs.
  awaitable<waited> wait_readable(std::uint32_t low_watermark = 1);
  /// Returns when send_some() or send_file() is worth it.
  awaitable<waited> wait_writable() { return socket_.async_wait(tcp::socket::wait_write, use_tuple); }

  /// Reads what there is, a little at a time, and drops it.
  attempt discard();
  /// The other side will send nothing more, or the connection broke. False while something is unread.
  bool ended_by_other_side();

  /// Sends all bytes, unless an error comes first.
  awaitable<error_code> send_all(byte_view bytes);
  /// Receives exactly so many bytes, unless an error comes first.
  awaitable<error_code> receive_all(std::span<std::uint8_t> into);
  /// Waits for the next byte and leaves it there; nothing at the end or after an error.
  awaitable<std::optional<std::uint8_t>> peek();

  /// Nothing if the connection is gone.
  std::optional<tcp::endpoint> remote() const;
  std::optional<tcp::endpoint> local() const;

  // stream_options.cpp: the path, as the kernel sees it, and what it is told. Failures are ignored: the options only
  // make it faster or cheaper. Measured reasons: docs/DESIGN.md, Threads.

  /// SO_RCVBUF. 0: the kernel chooses the size, and enlarges it as a long way needs. It does not enlarge a chosen size.
  /// On most systems net.core.rmem_max bounds a chosen size to 416 KiB.
  void set_receive_buffer(std::uint32_t bytes);
  /// After an outage of a few seconds, what was lost is sent again within a second of its end. TCP_RTO_MAX_MS (Linux
  /// 6.15) bounds the time that doubles with each attempt (RFC 6298, 5.5). TCP_THIN_LINEAR_TIMEOUTS leaves that time as
  /// it is for the first attempts where little is under way, as requests are.
  void set_quick_recovery();
  /// TCP_USER_TIMEOUT (RFC 5482): the connection breaks if what is sent is not acknowledged for so long.
  void set_acknowledged_within(duration timeout);
  /// TCP_NOTSENT_LOWAT: about so many bytes wait in the kernel to be sent, besides what is on its way. Messages wait
  /// behind them, and what a slow reader has not taken counts as sent.
  void set_unsent_max(std::uint32_t bytes);
  /// Segments that came, less one for each small_segment_bytes of payload (TCP_INFO; 0 if the kernel does not tell),
  /// and the small records of TLS that were read. Of an open stream. What it grows by brought little for the time that
  /// it took: epoll wakes the thread for each segment, even while nothing is read.
  std::int64_t small_segments();
  /// The records alone (tls_connection::small_records).
  std::int64_t small_records() const;
  /// Whether the kernel drops segments with less payload than small_segment_bytes (SO_ATTACH_FILTER), before they wake
  /// the thread. The other side sends them again later, several in one segment, and may believe that the path is lost
  /// (RFC 6298). For a peer that floods us with such segments, while nothing is read.
  void drop_small_segments(bool drop);
  /// CUBIC (RFC 9438) instead of BBR for what is sent from now on. Any other choice of the system stays. BBR lets
  /// nearly each segment wait for a timer, which costs more processor time than sending it. CUBIC's pace is so high
  /// that the timer hardly ever runs.
  void leave_bbr();
  /// The round trip to the other side, as the kernel has measured it (TCP_INFO, RFC 6298 smoothed). Zero if the kernel
  /// does not tell.
  duration round_trip();
  /// The least round trip of the last minutes, without the time that segments wait in queues. At the start of a
  /// connection over a busy link it is too long, too.
  duration round_trip_min();
  /// What was sent was not acknowledged in time, and has been sent again at least twice. Nothing was acknowledged since
  /// (RFC 6298, 5.4 to 5.6). One repetition is usual where links are busy and queues are short.
  bool is_repeating();

  // An AsyncStream of Beast: for WebSocket and HTTP.

  /// Hears of what async_read_some() reads. It outlives the stream.
  void set_read_observer(read_observer& observer) { read_observer_ = &observer; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& into, Token&& token) {
    return asio::async_compose<Token, void(error_code, std::size_t)>(operation<Buffers, true>(*this, into), token,
                                                                     socket_);
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& from, Token&& token) {
    return asio::async_compose<Token, void(error_code, std::size_t)>(operation<Buffers, false>(*this, from), token,
                                                                     socket_);
  }
  /// The end of a WebSocket (RFC 6455, 7.1.1): says that nothing more comes, and waits until the other side closes. Who
  /// sends on and on is not waited for.
  template <class Handler>
  friend void async_teardown(boost::beast::role_type, stream& of, Handler&& handler) {
    of.shutdown_send();
    asio::async_compose<Handler, void(error_code)>(draining(of), handler, of.socket_);
  }
  friend void beast_close_socket(stream& of) { of.close(); }

 private:
  /// Buffers that one attempt takes from a sequence: as many as asio::async_write takes.
  static constexpr std::size_t parts_max = 16;

  /// An attempt, then a wait where it needs one, then an attempt.
  template <class Buffers, bool reading>
  class operation {
   public:
    operation(stream& on, const Buffers& buffers) : stream_(on), buffers_(buffers) {}

    template <class Self>
    void operator()(Self& self, error_code ec = {}) {
      const stage before = std::exchange(stage_, stage::waits);
      if (before == stage::done) return self.complete(ec_, bytes_);
      if (ec) return self.complete(ec, 0);
      const attempt came = stream_.attempt_first(buffers_, std::bool_constant<reading>());
      if (came.would_block) return stream_.wait(reading, std::move(self));
      if (came.is_over() && asio::buffer_size(buffers_) != 0) ec_ = came.why();
      bytes_ = came.bytes;
      if (before == stage::waits) return self.complete(ec_, bytes_);
      // A caller that begins an operation is not called back from within it.
      stage_ = stage::done;
      asio::post(stream_.get_executor(), std::move(self));
    }

   private:
    enum class stage : std::uint8_t { begins, waits, done };

    stream& stream_;
    Buffers buffers_;
    stage stage_ = stage::begins;
    error_code ec_;
    std::size_t bytes_ = 0;
  };

  /// Reads and throws away until the end, or until so much came.
  static constexpr std::size_t drained_bytes_max = 256 * KiB;
  class draining {
   public:
    explicit draining(stream& on) : stream_(on) {}

    template <class Self>
    void operator()(Self& self, error_code ec = {}) {
      if (ec || over_) return self.complete(ec);
      attempt came = stream_.discard();
      bytes_ += came.bytes;
      over_ = came.is_over() || bytes_ > drained_bytes_max;
      if (!over_) return stream_.wait(true, std::move(self));
      asio::post(stream_.get_executor(), std::move(self));
    }

   private:
    stream& stream_;
    std::size_t bytes_ = 0;
    bool over_ = false;
  };

  template <class Handler>
  void wait(bool reading, Handler&& handler) {
    set_low_watermark(1);
    socket_.async_wait(reading ? tcp::socket::wait_read : tcp::socket::wait_write, std::forward<Handler>(handler));
  }
  template <class Buffers>
  attempt attempt_first(const Buffers& into, std::true_type) {
    for (auto one = asio::buffer_sequence_begin(into); one != asio::buffer_sequence_end(into); ++one) {
      const asio::mutable_buffer place = *one;
      if (place.size() == 0) continue;
      const attempt came = recv_some({static_cast<std::uint8_t*>(place.data()), place.size()});
      if (came.bytes > 0 && read_observer_ != nullptr) read_observer_->on_bytes_read(came.bytes);
      return came;
    }
    return {};
  }
  template <class Buffers>
  attempt attempt_first(const Buffers& from, std::false_type) {
    std::array<asio::const_buffer, parts_max> parts;
    std::size_t count = 0;
    for (auto one = asio::buffer_sequence_begin(from); one != asio::buffer_sequence_end(from) && count < parts_max;
         ++one) {
      const asio::const_buffer part = *one;
      if (part.size() != 0) parts[count++] = part;
    }
    return count == 0 ? attempt{} : send_parts(std::span(parts).first(count));
  }
  attempt send_parts(std::span<const asio::const_buffer> parts);
  attempt send_parts_encrypted(std::span<const asio::const_buffer> parts);
  attempt peek_some(std::uint8_t& first);
  awaitable<result<void>> secure();
  void set_low_watermark(std::uint32_t bytes);

  tcp::socket socket_;
  std::unique_ptr<tls_connection> tls_;  ///< knows the descriptor of socket_, so it goes first
  std::optional<key_id> key_;
  bool is_encrypted_ = false;
  read_observer* read_observer_ = nullptr;
  std::uint32_t low_watermark_ = 1;
};

}  // namespace shoal
