// The peer's side of the session with one tracker (directory/tracking.hpp over WebSocket, RFC 6455).
//
// Connects, says who we are and what we have, and keeps the catalogue up to date. It does so again after each loss, for
// as long as it runs. The first retry comes almost at once. Later retries come with growing, jittered delays. Holds
// what is published and watched itself, so nobody needs to say anything twice. Its owner may say it before it is
// connected. A tracker that is silent, and does not answer when it is asked, counts as gone.
//
// Owned by the peer node; only the node's context touches it. The owner awaits run() in a task group, calls stop(), and
// joins before it destroys this. Never throws, never ends by itself. DESIGN: "Between peer and tracker".
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "directory/announcements.hpp"
#include "directory/backoff.hpp"
#include "directory/catalogue.hpp"
#include "directory/tracking.hpp"
#include "net/address_watch.hpp"
#include "net/endpoint.hpp"
#include "net/event.hpp"
#include "net/notifier.hpp"
#include "net/swarm_keys.hpp"
#include "observe/log_limit.hpp"
#include "peer/discovery/tracker_connection_reader.hpp"

namespace shoal {

class tracker_connection;

/// Hears what a tracker says. Called on the node's context. May call the client's methods except run() and leave().
/// Must not destroy the client. `tracker` is the index that the client got.
class tracker_observer {
 public:
  /// The catalogue has this tracker's snapshot. The client says watches again.
  virtual void on_connected(std::size_t tracker, const tracking::welcome& welcome) = 0;
  /// The catalogue changed, because of what this tracker said.
  virtual void on_rows(std::size_t tracker) = 0;
  /// Holders of a watched share, without this peer. After on_connected the first one for each share is complete.
  /// `joined` may name known peers; their endpoint is then replaced.
  virtual void on_swarm(std::size_t tracker, const tracking::swarm& change) = 0;
  /// A peer wants a share that this peer said it holds, and asks this peer to connect.
  virtual void on_wanted(std::size_t tracker, const tracking::wanted& call) = 0;
  /// Sessions with peers go on. Called once for each on_connected.
  virtual void on_disconnected(std::size_t tracker, const std::string& reason) = 0;

 protected:
  ~tracker_observer() = default;
};

struct tracker_state {
  bool connected = false;        ///< and answers
  std::string reason;            ///< one line, why it is not connected; "" if it is
  errc why = errc::unreachable;  ///< its class
  remedy helps = remedy::none;   ///< against it
  std::uint32_t attempts = 0;    ///< attempts that failed since the last success
  std::string address;           ///< where the tracker sees this peer; "" until the first welcome
  bool reachable = false;        ///< the tracker could connect to our port
};

class tracker_client final : private tracker_connection_reader {
 public:
  /// Deadline of each step of an attempt: name lookup, connecting, handshake.
  static constexpr duration attempt_timeout = std::chrono::seconds(5);
  /// How long leave() waits for the tracker to close.
  static constexpr duration leave_timeout = std::chrono::milliseconds(200);
  /// How long a page of peers may take.
  static constexpr duration page_timeout = std::chrono::seconds(10);
  /// A tracker of so few peers is pinged in each heartbeat. For a larger tracker answering is work: it is pinged only
  /// after more than heartbeats_unheard_max of silence.
  static constexpr std::size_t asked_each_beat_max = 1000;
  static constexpr int heartbeats_unheard_max = 3;
  /// Heartbeats of silence that end a session.
  static constexpr int heartbeats_missed_max = 6;

  /// `describe` gives the join message, and is called at each attempt. `keys`, `rows` and `observer` outlive the
  /// client.
  tracker_client(asio::any_io_executor executor, const swarm_keys& keys, std::size_t tracker, host_port where,
                 std::function<tracking::join()> describe, catalogue& rows, tracker_observer& observer);
  ~tracker_client();
  tracker_client(const tracker_client&) = delete;
  tracker_client& operator=(const tracker_client&) = delete;

  /// Connects and reconnects until stop().
  awaitable<void> run();
  /// An address of this machine is gone, and with it a connection over it. Or there is a new address, over which the
  /// tracker can perhaps be reached.
  void on_address(const address_change& change);
  /// The keys changed. Ends a session whose key is not the offered one. Tries again at once if there is no session.
  void on_keys();
  /// Ends run() soon. Idempotent; sends nothing.
  void stop();
  /// Says goodbye, so that others see us go at once. Waits at most leave_timeout, then stops.
  awaitable<void> leave();

  /// errc::malformed: no tracker lists such a row, so it is not offered.
  result<void> publish(tracking::share_offer offer);
  void withdraw(const share_id& id);
  /// The tracker gets at most one message a second for each share. The message that completes a share goes at once.
  void progress(const share_id& id, std::uint64_t have);
  /// See announcements::on_hashing.
  void hashing(std::vector<tracking::hashing_row> rows);
  void watch(const share_id& id);
  void unwatch(const share_id& id);
  /// See announcements::on_unreached.
  void unreached(const share_id& id, std::vector<peer_id> peers);

  /// Rows of all peers of this tracker, also of those that it only counts. One caller after the other is served. errc::
  /// unreachable or timed_out.
  awaitable<result<std::vector<tracking::peer_row>>> list_peers();

  tracker_state state() const;
  const host_port& where() const { return where_; }
  /// The time of which the rows from this tracker are. The epoch if there are none.
  std::chrono::system_clock::time_point last_news() const;

 private:
  awaitable<result<void>> attempt();
  bool on_message(tracking::tracker_message& message) override;
  void on_snapshot(tracking::snapshot snapshot);
  void on_mute(bool mute) override;
  std::size_t peers_known() const override { return rows_.peer_count(tracker_); }
  void on_session_end(const error& why);
  void announce();
  /// The next page, if the tracker answers in time.
  awaitable<result<tracking::peers_page>> next_page(peer_id after);
  std::string name() const;

  asio::any_io_executor executor_;
  const swarm_keys& keys_;
  std::size_t tracker_;
  host_port where_;
  std::function<tracking::join()> describe_;
  catalogue& rows_;
  tracker_observer& observer_;

  /// Shows the tracker that it is this peer again. No other tracker is told.
  const tracking::join_token token_;
  announcements unsaid_;
  backoff backoff_;
  tracker_state state_;
  std::chrono::system_clock::time_point last_news_;  ///< of the last session
  peer_id self_;
  event wake_;                                      ///< ends the pause between two attempts
  event ended_;                                     ///< run() returned
  std::unique_ptr<tracker_connection> connection_;  ///< while one is open or opened
  tracking::welcome welcome_;
  // What a tracker can make us log.
  log_limit begins_logged_;
  log_limit ends_logged_;
  log_limit mutes_logged_;
  log_limit refusals_logged_;
  notifier pages_;                            ///< a page came, will not come, or is not waited for any more
  std::optional<peer_id> page_wanted_;        ///< while somebody lists peers: the page behind this one
  std::optional<tracking::peers_page> page_;  ///< that came
  bool listing_ = false;
  bool mute_ = false;  ///< the session exists, but the tracker does not answer
  bool running_ = false;
  bool stopped_ = false;
};

}  // namespace shoal
