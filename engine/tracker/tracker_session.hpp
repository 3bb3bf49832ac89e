// One session at the tracker: WebSocket at /live (RFC 6455), messages of directory/tracking.hpp. Of a peer, or of a
// page that looks.
//
// Reads what the peer says into the registry. Dials the peer's port back once before others see the peer. Sends the
// messages that it is given. While nothing happens, one coroutine waits to read, so thousands of sessions are cheap.
//
// The peer shows that it lives, so an idle session sends nothing of its own. A session is ended if no frame comes for
// three heartbeats, or if the peer does not read what it is sent. close() is the only end. It takes the peer out of the
// registry at once, and makes run() return. Owned by tracker_node, on its context. The registry decides who is told
// what.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "directory/listening_rate.hpp"
#include "directory/registry.hpp"
#include "directory/tracking.hpp"
#include "net/event.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "observe/log_limit.hpp"
#include "policy/message_budget.hpp"
#include "tracker/dial_gate.hpp"
#include "tracker/frame_budget.hpp"
#include "tracker/inbox_budget.hpp"
#include "tracker/tracker_http.hpp"

namespace shoal {

/// An encoded message in the form in which it is sent.
struct tracking_text {
  std::string bytes;
  bool packed = false;  ///< tracking::pack was applied: a binary WebSocket message
};
/// All sessions that the message goes to share it.
using shared_text = std::shared_ptr<const tracking_text>;
/// Encodes the message, and packs it if it is long.
shared_text encode_shared(tracking::tracker_message message);

enum class tracker_session_end {
  closed,         ///< the peer closed, or the connection broke
  left,           ///< the peer said `leave`
  silent,         ///< three heartbeats without a frame
  slow_reader,    ///< did not read what it was sent
  late,           ///< no `join` or `look` within the handshake deadline, or a message that does not end
  protocol,       ///< broke the protocol, and was told so
  refused,        ///< a limit or a policy of this tracker; the peer was told
  replaced,       ///< the same peer id joined again
  key_withdrawn,  ///< the key of the session is not accepted any more
  stopping,       ///< the tracker stops
};
inline constexpr std::size_t tracker_session_ends = 10;
std::string_view name_of(tracker_session_end why);

struct tracker_session_settings {
  duration heartbeat = std::chrono::seconds(5);
  duration dial_back_timeout = std::chrono::seconds(2);
  /// A port is dialled back no more often. A peer that joins meanwhile is told what was found or guessed, and is
  /// dialled back after it.
  duration dial_back_interval = dial_backs::interval;
  /// Time from the upgrade to `join`.
  duration join_timeout = std::chrono::seconds(10);
  bool allow_advertise = false;
  /// Further trackers of the swarm, of which peers are told.
  std::vector<tracking::tracker_row> trackers{};
  /// Unsent bytes of a session, without its lists. Beyond this nothing more is queued. It is what some seconds of a
  /// large swarm's deltas take. One message may be larger.
  std::size_t outbox_bytes_max = 8 * MiB;
  /// A session that takes nothing of what it is sent for so long is ended, even if the peer still sends.
  duration write_timeout = std::chrono::seconds(15);
  /// Peers that are dialled back at the same time. If all ports of a large crowd are shut, each round of so many dials
  /// takes dial_back_timeout.
  std::size_t dial_backs_max = 4096;
  /// A session that is asked for a sign of life gives one within this time.
  duration answer_timeout = std::chrono::seconds(1);
};

class tracker_session;

/// What peers make the tracker log. A crowd of a thousand that comes and goes in a minute is told in numbers.
struct tracker_log_limits {
  log_limit joins{60};
  log_limit ends{60};
  log_limit failures{20};
};

/// What a session needs of its node.
class tracker_session_host {
 public:
  /// Null if the session is over.
  virtual tracker_session* find(tracker_session_id session) = 0;
  virtual tracker_log_limits& log_limits() = 0;
  virtual inbox_budget& inboxes() = 0;
  virtual frame_budget& frames() = 0;
  virtual message_budget& messages() = 0;
  /// The registry has something new to tell.
  virtual void registry_changed() = 0;
  virtual void end_session(tracker_session_id session, tracker_session_end why) = 0;

 protected:
  ~tracker_session_host() = default;
};

class tracker_session final : private read_observer {
 public:
  static constexpr int heartbeats_missed_max = 3;
  /// Bytes of messages held while the port is dialled back. Beyond this the socket is not read.
  static constexpr std::size_t held_bytes_max = 256 * KiB;
  /// A message that goes on brings this much in this time: a slow uplink may need minutes for a long one.
  static constexpr std::size_t message_part_bytes = 16 * KiB;
  static constexpr duration message_timeout = std::chrono::seconds(30);
  /// Newcomers that wait at once for a sign of life of this session. Further ones are refused.
  static constexpr std::size_t askers_max = 8;

  /// `upgrade` is the request for the WebSocket. `settings`, `state`, `dials` and `host` outlive the session.
  tracker_session(tracker_session_id id, stream connection, tcp::endpoint remote, http_request upgrade,
                  const tracker_session_settings& settings, registry& state, dial_gate& dials,
                  tracker_session_host& host);
  ~tracker_session();
  tracker_session(const tracker_session&) = delete;
  tracker_session& operator=(const tracker_session&) = delete;

  /// Serves until close().
  awaitable<void> run();
  /// Idempotent; the first reason counts.
  void close(tracker_session_end why);

  /// Closes if the deadline is over. Returns when to look next, at most a heartbeat later.
  time_point look(time_point now);

  void send(shared_text message);
  /// Like send(), but its size does not count against a slow reader. One at a time.
  /// A snapshot, or a page of peers. Who asks for one more before it has read the last one is a slow reader.
  void send_list(shared_text message);

  /// Asks the peer for a sign of life. `answered` is set with the next one, or when the session ends. False: too many
  /// ask already.
  [[nodiscard]] bool ask(event& answered);
  /// `answered` is not set any more.
  void give_up(const event& answered) { std::erase(askers_, &answered); }
  bool closed() const { return closed_; }

  tracker_session_end why() const { return why_; }
  const tcp::endpoint& remote() const { return remote_; }
  /// The key of the private swarm that both sides have proven; nothing in an open swarm.
  const std::optional<key_id>& key() const { return stream_.next_layer().key(); }
  /// It came to a private swarm by the certificate and the token: it may look alone.
  bool is_guest() const { return stream_.next_layer().is_encrypted() && !key(); }
  /// Zero before `join`.
  const peer_id& peer() const { return join_.peer; }

 private:
  struct outgoing {
    shared_text text;
    bool is_list = false;
  };

  awaitable<void> read_loop();
  void start_writing();
  awaitable<void> write_loop();
  awaitable<void> admit();
  /// Whether the peer of this session gives a sign of life.
  awaitable<bool> answers(tracker_session_id holder);
  awaitable<void> ping();
  /// The session is of a page: lets it in, if the limits allow that.
  void begin_to_look();
  static bool is_for_lookers(const tracking::peer_message& message);
  /// Lets the peer in, if its id and the limits allow that.
  bool let_in(registry::newcomer one);
  awaitable<bool> dial_back(tcp::endpoint where);
  /// Finds out whether what was guessed is true, and tells it.
  awaitable<void> dial_again(tcp::endpoint where, bool told);
  void welcome(const std::string& address, bool reachable);
  awaitable<bool> connect(tcp::endpoint where);
  awaitable<error_code> write(outgoing message);

  /// Pings and empty fragments are read inside of async_read_some(), which does not return for them.
  void on_bytes_read(std::size_t bytes) override;
  void heard();
  /// Tells the budget what is held. False if there is no room.
  bool count_inbox(std::size_t bytes);
  void on_control_frame(bool is_ping);
  /// Closes if too much came that is no content: from this session (`mine`), or from its origin (`all`), unless this
  /// session sent little of that before (`modest`).
  void keep_overhead(bool mine, bool all, bool modest);
  /// Reads nothing, and does nothing, before the origin of the peer has credit for this.
  awaitable<void> wait_for_credit(work_price price);
  awaitable<void> rest_until(time_point when);
  awaitable<void> on_text(std::string_view text);
  void take(tracking::peer_message message, std::size_t bytes);
  void apply(const tracking::peer_message& message);
  /// What it takes to do as the message says, which had so many bytes.
  work_price price_of(const tracking::peer_message& message, std::size_t bytes) const;
  void tell(const error& limit);
  /// Tells the peer what it did wrong, leaves the registry, and closes when that is sent.
  void fail(const error& reason);
  void leave_registry();
  void enqueue(outgoing message);

  const tracker_session_id id_;
  const tcp::endpoint remote_;
  const std::string origin_;  ///< of `remote_` (core/address_group)
  const tracker_session_settings& settings_;
  registry& registry_;
  dial_gate& dials_;
  tracker_session_host& host_;

  // Without support for compression, which takes memory for each session even when it is off.
  boost::beast::websocket::stream<stream, false> stream_;
  std::unique_ptr<http_request> upgrade_;  ///< until the upgrade is answered
  boost::beast::flat_buffer inbox_;
  std::list<outgoing> outbox_;  // a deque holds memory while it is empty
  std::size_t outbox_bytes_ = 0;
  std::size_t lists_unsent_ = 0;
  bool writing_ = false;  ///< write_loop() runs

  tracking::join join_;
  bool join_received_ = false;  ///< or `look`
  bool looks_ = false;          ///< it is no peer
  event turn_;                  ///< a place to dial back is free, or another session answers
  std::vector<event*> askers_;
  bool pinging_ = false;
  time_point shown_life_{};  ///< when a ping was sent while nothing is read
  std::vector<tracking::peer_message> held_;
  std::size_t held_bytes_ = 0;
  message_budget::account account_;
  listening_rate free_;
  bool pays_ = false;  ///< for the last message: more came than what is free
  frame_overhead overhead_;
  std::unique_ptr<asio::steady_timer> pause_;  ///< most peers never say too much
  std::size_t counted_bytes_ = 0;              ///< of unfinished and held messages, as the budget knows
  time_point message_deadline_ = never;
  std::size_t message_counted_ = 0;  ///< bytes of the message when its deadline was set
  event admitted_;
  std::unique_ptr<stream> dialled_;  ///< while it dials back
  std::unique_ptr<event> later_;     ///< until it dials back again
  bool guessed_ = false;             ///< what dial_back() returned was not found by it

  task_group tasks_;
  time_point deadline_;
  time_point write_deadline_ = never;
  bool in_registry_ = false;
  bool failing_ = false;
  bool closed_ = false;
  tracker_session_end why_ = tracker_session_end::closed;
};

}  // namespace shoal
