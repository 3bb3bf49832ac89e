// A whole peer: everything that runs in one `node peer` process.
//
// Only wires: owns the threads, the state, the listener, the discovery and the library, and tells each what the others
// say. Lives on one io_context (the network thread). open(), then run() until stop(), which is synchronous and goes
// down the tree; run() returns when everything has ended. Nothing here blocks. DESIGN: "Shape" and "Threads".
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/address_watch.hpp"
#include "net/dns_sd.hpp"
#include "net/key_files.hpp"
#include "net/listener.hpp"
#include "net/notifier.hpp"
#include "net/task_group.hpp"
#include "peer/discovery/discovery.hpp"
#include "peer/library/library.hpp"
#include "peer/session/greeter.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/session/peer_threads.hpp"
#include "store/state_directory.hpp"

namespace shoal {

struct peer_options {
  std::vector<std::string> trackers;   ///< as parse_host_port() takes them, each tracker once
  std::string listen = ":0";           ///< as parse_listen_endpoint() takes it
  std::string state_directory;         ///< empty: default_state_directory()
  std::string download_directory;      ///< empty: the current directory
  std::string name;                    ///< for other people's lists; empty: the host name
  std::string advertise;               ///< address to publish instead of the observed one; empty: none
  std::vector<std::string> key_files;  ///< of a private swarm, the first one with the key that it offers; empty: open
  unsigned workers = 0;                ///< threads for hashing and files; 0: one a core
  std::vector<std::string> shares;     ///< paths to add at the start
  bool follow = false;                 ///< share their new versions when they change
  trust_list trust{};                  ///< downloads by name take publishers of this list only; empty: all
  rate_limits limits{};                ///< of all shares together
  /// Called on the network thread when a download is complete; may be empty.
  std::function<void(const share&)> on_complete{};
  /// Shares that are read over HTTP and are not here are fetched, and so many bytes of them kept; 0: none is fetched.
  std::uint64_t fetch_on_read = 0;
  /// Without a tracker: joins the first one that announces itself on the local network (net/dns_sd).
  bool find_tracker = false;
  /// Takes up the shares and downloads of earlier runs, and lets later runs share what is completed. False for a
  /// process that fetches one thing and ends. Its unfinished download is remembered all the same.
  bool remember = true;
  /// The peer needs no directory to write to, and forgets everything when it ends.
  bool stateless = false;
};

class peer_node final : private discovery_observer, private greeting_host {
 public:
  peer_node(asio::io_context& context, peer_options options);
  ~peer_node();

  /// Takes the state directory and the port, and reads the state. Returns the first error, which names what is wrong.
  result<void> open();
  /// Serves until stop().
  awaitable<void> run();
  /// Says goodbye to the trackers and ends everything. run() returns within about a second.
  void stop();

  // Before open() succeeded there are no parts.
  class library& library() { return *library_; }
  const class library& library() const { return *library_; }
  class discovery& discovery() { return *discovery_; }
  const class discovery& discovery() const { return *discovery_; }
  asio::any_io_executor executor() const { return io_.get_executor(); }
  peer_context& context() { return *context_; }
  const peer_context& context() const { return *context_; }
  /// Who takes connections that speak HTTP. Those that have not proven the key of a private swarm are among them if
  /// show() was called. Before run().
  void on_http(std::function<void(stream)> take) { take_http_ = std::move(take); }
  /// Notified when the catalogue changed, a download ended, or nothing of a stopped share runs any more.
  notifier& changes() { return changes_; }

  const peer_id& id() const { return self_; }
  tcp::endpoint local() const { return listener_.local(); }
  /// The control socket, by which people reach the peer; "" if the peer is stateless.
  std::string control_path() const { return state_ ? state_->control_socket() : std::string(); }
  const peer_options& options() const { return options_; }
  const swarm_keys& keys() const { return key_files_.keys(); }
  /// As swarm_keys::show(). Before run().
  void show(certificate shown) { key_files_.show(std::move(shown)); }
  /// "" if it is stateless.
  std::string state_path() const { return state_ ? state_->path() : std::string(); }
  duration uptime() const { return clock::now() - begun_; }

 private:
  void on_connection(stream connection, std::uint8_t first_byte);
  void on_swarm(const tracking::swarm& change) override;
  void on_wanted(const tracking::wanted& call) override;
  void on_signed(const tracking::share_row& row) override;
  void on_told_trackers(const host_port& told_by, const std::vector<host_port>& all, bool some_new) override;
  bool takes(const wire::truncated_id& wanted) const override;
  std::optional<errc> refusal(const wire::truncated_id& wanted) const override;
  void on_greeted(stream connection, const wire::handshake& theirs) override;

  void on_address(const address_change& change);
  void on_tracker_found(const found_tracker& found);
  awaitable<void> remember(std::function<result<void>()> save);
  /// A connection to a peer of a private swarm that has not proven the key.
  void on_stranger(stream connection, std::uint8_t first_byte);
  /// Sessions go on only with the keys that are accepted now.
  void on_keys();
  result<void> open_state();

  asio::io_context& io_;
  peer_options options_;
  peer_id self_;
  descriptor_budget budget_;
  time_point begun_;
  peer_threads threads_;
  buffer_pool buffers_;
  std::optional<state_directory> state_;
  std::unique_ptr<state_database> database_;
  class key_files key_files_;
  std::unique_ptr<peer_context> context_;
  notifier changes_;
  std::function<void(stream)> take_http_;
  greeter greeter_;
  listener listener_;
  address_watch addresses_;
  std::optional<service_search> search_;
  std::map<std::string, std::vector<std::string>> told_trackers_;  ///< as they are recorded, by who told of them
  std::unique_ptr<class discovery> discovery_;
  std::unique_ptr<class library> library_;
  task_group tasks_;
  bool stopped_ = false;
};

}  // namespace shoal
