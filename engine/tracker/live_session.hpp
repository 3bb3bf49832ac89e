// One peer's live session at the tracker: WebSocket at /live (RFC 6455), messages of directory/live.hpp.
//
// Reads what the peer says into the registry, dials the peer's port back once before others see it, and sends
// what it is given. While nothing happens, one coroutine waits to read: thousands of sessions are cheap. The peer shows
// that it lives, so an idle session sends nothing of its own. One from which no frame comes for three heartbeats, or
// which does not read what it is sent, is ended; close() is the only end, takes the peer out of the registry at once,
// and makes run() return. Owned by tracker_node, on its context. Does not decide who is told what: that is the
// registry's.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "directory/live.hpp"
#include "directory/registry.hpp"
#include "net/event.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "tracker/dial_gate.hpp"

namespace shoal {

using http_request = boost::beast::http::request<boost::beast::http::string_body>;
/// An encoded message, as it goes over the wire.
struct live_text {
  std::string bytes;
  bool packed = false;  ///< live::pack was applied: a binary WebSocket message
};
/// Shared by all sessions that it goes to.
using shared_text = std::shared_ptr<const live_text>;
/// Packs it if it is long.
shared_text encode_shared(live::tracker_message message);

enum class live_end {
  closed,       ///< the peer closed, or the connection broke
  left,         ///< the peer said `leave`
  silent,       ///< three heartbeats without a frame
  slow_reader,  ///< did not read what it was sent
  late,         ///< no `join` within the handshake deadline
  protocol,     ///< broke the protocol; was told
  refused,      ///< a limit or a policy of this tracker; was told
  replaced,     ///< the same peer id joined again
  stopping,     ///< the tracker stops
};
inline constexpr std::size_t live_ends = 9;
std::string_view name_of(live_end why);

struct live_settings {
  duration heartbeat = std::chrono::seconds(5);
  duration dial_back_timeout = std::chrono::seconds(2);
  /// From the upgrade to `join`.
  duration join_timeout = std::chrono::seconds(10);
  bool allow_advertise = false;
  /// Unsent bytes of a session, its snapshot not counted, behind which nothing more is queued: what some seconds of
  /// a large swarm's deltas take. One message may be larger.
  std::size_t outbox_bytes_max = 8 * MiB;
  /// A session that takes nothing of what it is sent for so long is ended, whatever it says meanwhile.
  duration write_timeout = std::chrono::seconds(15);
  /// Peers that are dialled back at the same time. With all ports of a large crowd shut, each round of so many takes
  /// dial_back_timeout.
  std::size_t dial_backs_max = 4096;
};

/// What a session needs of its node.
class live_session_host {
 public:
  /// The registry has something new to tell.
  virtual void registry_changed() = 0;
  virtual void end_session(live_session_id session, live_end why) = 0;

 protected:
  ~live_session_host() = default;
};

class live_session {
 public:
  static constexpr int heartbeats_missed_max = 3;
  /// Messages held while the port is dialled back; beyond it the socket is not read.
  static constexpr std::size_t held_bytes_max = 4 * MiB;

  /// `upgrade` is the request that asked for the WebSocket. `settings`, `state`, `dials` and `host` outlive the
  /// session.
  live_session(live_session_id id, stream connection, tcp::endpoint remote, http_request upgrade,
               const live_settings& settings, registry& state, dial_gate& dials, live_session_host& host);
  live_session(const live_session&) = delete;
  live_session& operator=(const live_session&) = delete;

  /// Serves until close().
  awaitable<void> run();
  /// Idempotent; the first reason counts.
  void close(live_end why);

  /// Closes if the deadline is over. When to look next, at most a heartbeat later.
  time_point look(time_point now);

  void send(shared_text message);
  /// As send(), but its size is not held against the reader. One at a time.
  void send_snapshot(shared_text message);

  live_end why() const { return why_; }
  const tcp::endpoint& remote() const { return remote_; }
  /// Zero before `join`.
  const peer_id& peer() const { return join_.peer; }

 private:
  struct outgoing {
    shared_text text;
    bool is_snapshot = false;
  };

  awaitable<void> read_loop();
  void start_writing();
  awaitable<void> write_loop();
  awaitable<void> admit();
  awaitable<bool> dial_back(tcp::endpoint where);
  awaitable<bool> connect(tcp::endpoint where);
  awaitable<error_code> write(outgoing message);

  void heard();
  void on_text(std::string_view text);
  void apply(const live::peer_message& message);
  void tell(const error& limit);
  /// Tells the peer what it did, leaves the registry, and closes when that is sent.
  void fail(const error& reason);
  void leave_registry();
  void enqueue(outgoing message);

  const live_session_id id_;
  const tcp::endpoint remote_;
  const live_settings& settings_;
  registry& registry_;
  dial_gate& dials_;
  live_session_host& host_;

  // Without support for compression, which takes memory for each session even when it is off.
  boost::beast::websocket::stream<stream, false> stream_;
  std::unique_ptr<http_request> upgrade_;  ///< until the upgrade is answered
  boost::beast::flat_buffer inbox_;
  std::list<outgoing> outbox_;  // a deque holds memory while it is empty
  std::size_t outbox_bytes_ = 0;
  std::size_t snapshots_unsent_ = 0;
  bool writing_ = false;  ///< write_loop() runs

  live::join join_;
  bool join_received_ = false;
  event turn_;  ///< a place to dial back is free
  std::vector<live::peer_message> held_;
  std::size_t held_bytes_ = 0;
  event admitted_;
  std::unique_ptr<stream> dialled_;  ///< while it dials back

  task_group tasks_;
  time_point deadline_;
  time_point write_deadline_ = never;
  bool in_registry_ = false;
  bool failing_ = false;
  bool closed_ = false;
  live_end why_ = live_end::closed;
};

}  // namespace shoal
