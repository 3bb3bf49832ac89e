// The receiving half of one session: reads from the connection, cuts messages, and puts payload straight from the
// socket into pooled buffers.
//
// Reads payload as fast as the limits of the share and of the process let it. While it waits for a limit, the path says
// nothing of silence. Decides nothing: it closes the session when the connection ends. The session's reader alone calls
// its coroutines. Part of session; on the network thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <span>
#include <string_view>

#include "content/geometry.hpp"
#include "net/endpoint.hpp"
#include "net/stream.hpp"
#include "peer/session/end_reason.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/session/session_owner.hpp"
#include "peer/session/session_path.hpp"
#include "peer/session/throttle.hpp"
#include "wire/frame_reader.hpp"

namespace shoal {

/// Kernel receive buffer of a session with a near peer: lets a whole window of requests arrive while the reader is
/// elsewhere.
inline constexpr std::uint32_t bulk_receive_buffer_bytes = 4 * MiB;
/// Under a limit it holds what passes in this time and two round trips: what waits there cannot be called back.
inline constexpr duration limited_receive_held = std::chrono::milliseconds(100);
/// But no less, so that a sender with large segments is not held up by a small window.
inline constexpr std::uint32_t limited_receive_buffer_bytes_min = 64 * KiB;
/// Under a limit, messages are read in parts of what passes in this time, because payload may come with them.
inline constexpr duration limited_read_held = std::chrono::milliseconds(5);
inline constexpr std::size_t limited_read_bytes_min = 512;

/// While payload comes, its segments are looked at this often. After a pause that is longer than the second figure they
/// are counted anew.
inline constexpr duration segments_look_interval = std::chrono::milliseconds(100);
inline constexpr duration segments_looked_max = std::chrono::seconds(1);

/// The session of a receiver, as far as it has to do with it.
class receiver_host {
 public:
  virtual void close(end_reason why, std::string_view detail = {}) = 0;
  /// Something came over a path that was lost.
  virtual void on_path_back() = 0;
  /// So much payload came by then.
  virtual void on_payload_received(std::size_t bytes, time_point now) = 0;
  /// While payload was received, so many segments brought little. Returns when more may be read.
  virtual awaitable<void> on_small_segments(std::int64_t count) = 0;

 protected:
  ~receiver_host() = default;
};

class receiver {
 public:
  /// All outlive it. `limit`: where payload waits.
  receiver(peer_context& context, throttle& limit, stream& from, session_path& path, receiver_host& host)
      : context_(context),
        limit_(limit),
        stream_(from),
        path_(path),
        host_(host),
        reader_(&context.frames, group_of(path.remote_address())),
        turn_(context.executor) {}

  /// What there is of what was read. `more`: call fill().
  result<wire::frame_reader::event> try_next() { return reader_.try_next(); }
  /// Reads what there is, and waits for at least one byte. How many came; 0: the session is closed.
  awaitable<std::size_t> fill();
  /// Receives the payload of the piece message that try_next() began. Returns early if the session closes.
  awaitable<void> receive_piece(byte_range range, session_listener& to);
  /// Called before a wait in which nothing is read. False: what was read and waits takes too much memory, of all
  /// sessions or of those of this origin, and the session is closed.
  [[nodiscard]] bool release();
  /// Reads and throws away until the other side closes. A connection that is closed with unread data is reset, and our
  /// last words would be lost.
  awaitable<void> discard_rest();

  /// The limits of the share or of the process have changed, or hold from the beginning.
  void on_limits();
  /// The session was closed: ends the wait for a limit.
  void stop() {
    stopped_ = true;
    turn_.cancel();
  }

 private:
  /// Fills `place` with payload. Returns how much came before the session closed.
  awaitable<std::uint32_t> receive_payload(std::span<std::uint8_t> place, session_listener& to);
  /// Waits until a limit lets some of `wanted` bytes be read; how many. 0: closed.
  awaitable<std::size_t> wait_for_limit(std::size_t wanted, session_listener& to);
  /// Looks now and then how many segments brought little.
  awaitable<void> look_at_segments();
  void on_heard(time_point now);
  void close_for_memory();

  peer_context& context_;
  throttle& limit_;
  stream& stream_;
  session_path& path_;
  receiver_host& host_;
  wire::frame_reader reader_;
  throttle::turn turn_;
  time_point looked_;
  std::int64_t small_segments_ = 0;   ///< as of the last look
  std::uint32_t receive_buffer_ = 0;  ///< chosen; 0: by the kernel
  bool stopped_ = false;
};

}  // namespace shoal
