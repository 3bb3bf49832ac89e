// The tracker: listens, upgrades GET /live to tracker sessions, and sends each session the registry's batches.
//
// Owns the registry, the listeners, all connections and their coroutines. A change reaches every session's socket
// within registry::batch_interval. It may be later only while telling the change before takes longer than that.
// Speaks just enough HTTP/1.1 to say what it is (tracker_http). cmd composes and runs it on one io_context. stop() is
// synchronous and makes run() return. DESIGN: "Between peer and tracker".
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "directory/registry.hpp"
#include "net/access_token.hpp"
#include "net/certificate_files.hpp"
#include "net/dns_sd.hpp"
#include "net/key_files.hpp"
#include "net/listener.hpp"
#include "net/task_group.hpp"
#include "observe/log_limit.hpp"
#include "observe/metrics_text.hpp"
#include "tracker/tracker_http.hpp"
#include "tracker/tracker_session.hpp"

namespace shoal {

struct tracker_options {
  /// With a shorter heartbeat, the heartbeats of a large swarm cost more than they tell.
  static constexpr duration heartbeat_min = std::chrono::milliseconds(100);

  std::vector<tcp::endpoint> listen;   ///< at least one; port 0 takes a free one
  std::vector<std::string> key_files;  ///< of a private swarm, the first one with the key that it offers; empty: open
  /// In a private swarm: what programs without the key are shown, and the file with the token that they need. Both or
  /// neither.
  certificate_paths certificate = {};
  std::string token_file = {};
  tracker_session_settings session;
  registry::limits limits;
  /// Time from the first byte to the end of the HTTP request.
  duration request_timeout = handshake_deadline;
  /// Connections that one origin may open.
  connection_rate::rates connections = connection_rate::at_tracker;
  /// The name under which it announces itself on the local network (net/dns_sd); empty: it does not.
  std::string announced_name;
  /// Names of this machine, in lower case, under which a browser may look, beside its host name, "localhost" and
  /// addresses.
  std::vector<std::string> host_names = {};
};

class tracker_node final : private tracker_session_host {
 public:
  /// Connections that have not finished their request. Further ones are closed.
  static constexpr std::size_t visitors_max = 1024;
  /// Those of them that have not the key of a private swarm. They take no place from those that have it.
  static constexpr std::size_t strangers_max = 64;

  tracker_node(asio::any_io_executor executor, tracker_options options);
  ~tracker_node();

  /// Listens on every endpoint or on none. errc::usage for options out of range. Other errors as for listener::open.
  result<void> open();
  /// Serves until stop(); returns when every connection is closed.
  awaitable<void> run();
  void stop();

  /// The bound endpoints, with real ports, in the order of the options.
  std::vector<tcp::endpoint> local() const;
  const swarm_keys& keys() const { return key_files_.keys(); }
  std::size_t session_count() const { return sessions_.size(); }
  /// How many sessions ended for this reason since the start.
  std::uint64_t ended(tracker_session_end why) const { return ends_[static_cast<std::size_t>(why)]; }

 private:
  using visitor = std::list<stream>::iterator;

  void on_connection(stream connection, std::uint8_t first_byte);
  /// A connection to the tracker of a private swarm that has not proven the key.
  void on_stranger(stream connection, std::uint8_t first_byte);
  /// Sessions go on only with the keys that are accepted now.
  void on_keys();
  /// The one of these that has been slowest to say what it wants makes room.
  static visitor take(std::list<stream>& all, std::size_t most, stream connection);
  awaitable<void> visit(visitor guest);
  awaitable<void> turn_away(visitor guest);
  /// Whether who came by the certificate has the token. Otherwise it was told that it needs it.
  awaitable<bool> lets_in(stream& guest, const http_request& request);
  /// Answers the request of a connection. True: it asked for the WebSocket, and a session has taken the connection.
  awaitable<bool> answer(stream& from, http_request request);
  result<void> open_certificate();
  /// A WebSocket that was asked for begins.
  void begin_session(stream connection, tcp::endpoint remote, http_request upgrade);
  std::string metrics(metrics_text::format how) const;
  awaitable<void> refuse(stream& to, const http_request& request, std::string why);
  awaitable<void> serve(tracker_session_id id);
  /// A connection of this origin, which began then, is over.
  void on_connection_end(const tcp::endpoint& from, time_point begun);
  /// Announces itself, if others can reach it.
  void announce();
  awaitable<void> batch_loop();
  awaitable<void> sweep_loop();
  void plan_look(tracker_session_id id, time_point when);
  void send(registry::batch batch);

  tracker_session* find(tracker_session_id id) override;
  void registry_changed() override { changed_.set(); }
  tracker_log_limits& log_limits() override { return log_limits_; }
  inbox_budget& inboxes() override { return inboxes_; }
  frame_budget& frames() override { return frames_; }
  message_budget& messages() override { return messages_; }
  void end_session(tracker_session_id session, tracker_session_end why) override;

  asio::any_io_executor executor_;
  tracker_options options_;
  key_files key_files_;
  std::optional<access_token> token_;
  registry registry_;
  dial_gate dials_;
  tracker_log_limits log_limits_;
  inbox_budget inboxes_;
  frame_budget frames_;
  message_budget messages_;  ///< what the messages of each origin may cost
  event changed_;
  asio::steady_timer batch_pause_;
  asio::steady_timer sweep_timer_;
  std::vector<std::unique_ptr<listener>> listeners_;
  std::optional<service_announcement> announcement_;
  std::list<stream> visitors_;
  std::list<stream> strangers_;
  std::unordered_map<tracker_session_id, std::unique_ptr<tracker_session>> sessions_;
  using planned_look = std::pair<time_point, tracker_session_id>;
  std::priority_queue<planned_look, std::vector<planned_look>, std::greater<>> looks_;  ///< one of each session
  tracker_session_id next_session_;
  std::array<std::uint64_t, tracker_session_ends> ends_{};
  log_limit strangers_logged_;
  task_group tasks_;
  bool stopped_ = false;
};

}  // namespace shoal
