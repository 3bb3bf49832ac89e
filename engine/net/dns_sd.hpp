// DNS-SD (RFC 6763) on the local network: a tracker announces itself, and a peer finds it.
//
// The Avahi daemon does the work, and is asked over D-Bus. Without a system bus or Avahi nothing is announced or found,
// and nothing fails: what comes later is used then. What is announced ends with its object. Owned by tracker_node and
// peer_node, on their context. run() until stop().
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "net/endpoint.hpp"
#include "net/system_bus.hpp"
#include "net/task_group.hpp"

namespace shoal {

/// The kind of service that a tracker is (RFC 6763, section 7).
inline constexpr const char* tracker_service = "_shoal._tcp";
/// What a tracker says of its swarm (RFC 6763, section 6).
inline constexpr const char* open_swarm_text = "swarm=open";
inline constexpr const char* private_swarm_text = "swarm=private";

/// Does its work whenever there is a bus with an Avahi daemon on it.
class dns_sd_task {
 public:
  dns_sd_task(const dns_sd_task&) = delete;
  dns_sd_task& operator=(const dns_sd_task&) = delete;

  awaitable<void> run();
  void stop();

 protected:
  explicit dns_sd_task(asio::any_io_executor executor);
  ~dns_sd_task() = default;

  /// There is a bus. Says which signals to listen to.
  virtual void on_bus() = 0;
  /// The daemon is there, for the first time or again. Returns when that is done.
  virtual awaitable<void> on_daemon() = 0;
  system_bus& bus() { return bus_; }
  task_group& tasks() { return tasks_; }
  /// on_daemon() is called again.
  void again() { changed_.set(); }
  bool stopped() const { return stopped_; }

 private:
  awaitable<void> serve();

  system_bus bus_;
  event changed_;
  asio::steady_timer pause_;
  task_group tasks_;
  bool stopped_ = false;
};

/// Announces a service on all networks of this machine.
class service_announcement final : public dns_sd_task {
 public:
  /// `name`: for people. If it is taken, it gets a number. `text`: "KEY=VALUE".
  service_announcement(asio::any_io_executor executor, std::string name, std::uint16_t port, std::string text);

 private:
  void on_bus() override;
  awaitable<void> on_daemon() override;
  /// errc::conflict: somebody has the name.
  awaitable<result<void>> announce(std::string group);
  /// What was announced before ends.
  awaitable<void> withdraw();
  std::string shown_name() const;

  std::string name_;
  std::uint16_t port_;
  std::string text_;
  int number_ = 1;
  std::string group_;  ///< path of what is announced; "" if nothing is
};

/// Answers about found services that are waited for at a time. Others on the network decide how many there are.
inline constexpr std::size_t resolves_max = 16;

/// A tracker that was found.
struct found_tracker {
  std::string name;
  host_port where;
};

/// Looks for trackers with this text on all networks of this machine.
class service_search final : public dns_sd_task {
 public:
  /// `on_found` is called for each, and may be called again for the same one.
  service_search(asio::any_io_executor executor, std::string text, std::function<void(const found_tracker&)> on_found);

 private:
  struct item;
  void on_bus() override;
  awaitable<void> on_daemon() override;
  awaitable<void> resolve(item one);

  std::string text_;
  std::function<void(const found_tracker&)> on_found_;
  std::size_t resolves_ = 0;
};

}  // namespace shoal
