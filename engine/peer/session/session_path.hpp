// The way from a session to its peer: where it leads, how long it is, and whether anything still comes over it.
//
// The session says what comes and goes; others ask. Times are arguments, the rest is asked of the kernel through the
// stream, which it only looks at. Part of session; on the network thread only. DESIGN: "A lost path".
#pragma once

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <utility>

#include "core/time.hpp"
#include "net/stream.hpp"
#include "policy/peer_book.hpp"
#include "policy/quick_path.hpp"

namespace shoal {

/// A keep-alive is sent after so much silence (BEP 3: two minutes at most).
inline constexpr duration keep_alive_interval = std::chrono::seconds(60);
/// A session ends if nothing came in and no payload went out for this long. Our own messages do not count: the kernel
/// takes them even if the peer is gone.
inline constexpr duration session_idle_max = std::chrono::seconds(150);

/// A peer that owes something is sent a keep-alive after so much silence, to find out whether anything gets through to
/// it.
inline constexpr duration path_check_after = std::chrono::milliseconds(150);
/// Nothing gets through if the peer acknowledges nothing for two round trips plus this time. That is more than any
/// delayed acknowledgement (RFC 9293, 3.8.6.3: half a second at most; 200 ms in practice).
inline constexpr duration path_lost_after = std::chrono::milliseconds(250);
/// If nothing came on a session for so long and its peer connects again, the path is asked for a sign of life.
inline constexpr duration path_doubted_after = std::chrono::milliseconds(200);

/// The time to its handshake, which a peer chooses itself, counts as distance up to this.
inline constexpr duration answered_in_counted = std::chrono::seconds(1);

class session_path {
 public:
  /// `over` outlives it. `dialled` and `answered_in`: see session.
  session_path(stream& over, std::optional<peer_address> dialled, duration answered_in, time_point now)
      : stream_(over),
        dialled_(std::move(dialled)),
        answered_in_(answered_in),
        begun_(now),
        last_activity_(now),
        last_heard_(now),
        last_sent_(now) {}

  /// The listening address that we dialled.
  const std::optional<peer_address>& dialled() const { return dialled_; }
  /// The other side's address; unspecified once the connection is gone.
  asio::ip::address remote_address() const;
  /// This side's address; unspecified once the connection is gone.
  asio::ip::address local_address() const;

  /// The round trip to the peer, as the kernel sees it; zero if the kernel does not tell.
  duration round_trip() const { return stream_.round_trip(); }
  /// The round trip without the time in queues.
  duration round_trip_min() const { return stream_.round_trip_min(); }
  /// Like round_trip_min(), plus what lies between a proxy and the peer, as far as the peer's handshake showed it.
  duration distance() const { return std::max(round_trip_min(), std::min(answered_in_, answered_in_counted)); }

  /// How long nothing has come in and no payload has gone out. Zero while a limit keeps us from reading.
  duration quiet_for(time_point now) const { return limited_ ? duration::zero() : now - last_activity_; }
  /// How long nothing has come in; likewise.
  duration silent_for(time_point now) const { return limited_ ? duration::zero() : now - last_heard_; }
  /// When something came in last.
  time_point last_heard() const { return last_heard_; }
  /// What we send is not acknowledged.
  bool is_repeating() const { return stream_.is_repeating(); }

  /// Payload that was asked for goes or went over it, in either direction.
  bool proven() const { return proven_; }
  /// When such payload last came or went. Nothing: none ever did.
  std::optional<time_point> last_use() const { return proven_ ? std::optional(last_use_) : std::nullopt; }
  /// When the session began.
  time_point begun() const { return begun_; }

  // For the session.

  /// Something came in. True: the path was lost before, and is back.
  [[nodiscard]] bool on_heard(time_point now) {
    last_activity_ = now;
    last_heard_ = now;
    return std::exchange(lost_, false);
  }
  /// Messages went out, or will at once.
  void on_sent(time_point now) { last_sent_ = now; }
  void on_payload_sent(time_point now) {
    last_activity_ = now;
    last_sent_ = now;
    last_use_ = now;
    proven_ = true;
  }
  /// Payload that was asked for begins to come.
  void on_payload_begins(time_point now) {
    last_use_ = now;
    proven_ = true;
  }
  /// More of it came.
  void on_payload(time_point now) { last_use_ = now; }
  /// Whether a limit keeps us from reading.
  void on_limited(bool limited) { limited_ = limited; }
  /// When the session has been idle for too long, if nothing comes or goes before.
  time_point idle_at(time_point now) {
    if (limited_) last_activity_ = now;
    return last_activity_ + session_idle_max;
  }
  time_point keep_alive_at() const { return last_sent_ + keep_alive_interval; }

  /// The peer owes something and is silent, for the first time since it was heard: send a keep-alive now.
  [[nodiscard]] bool begins_check(time_point now);
  /// Since then the peer has acknowledged nothing for too long.
  bool is_lost(time_point now);

 private:
  stream& stream_;
  std::optional<peer_address> dialled_;
  duration answered_in_;
  time_point begun_;
  time_point last_activity_;
  time_point last_heard_;
  time_point last_sent_;
  time_point last_use_{};
  time_point checked_{};
  bool lost_ = false;
  bool limited_ = false;
  bool proven_ = false;
};

}  // namespace shoal
