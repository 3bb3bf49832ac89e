// Accepts connections on one endpoint, and hands each over with its first byte known. So one port serves every
// protocol.
//
// The first byte is peeked, so the handler reads the stream from its beginning. 0x13 is BitTorrent (BEP 3), a letter is
// HTTP, 0x16 is TLS. In a private swarm a connection proves the key first, and its first byte is the first one inside
// TLS. So the handler never sees a stranger. Strangers go to another handler: those that speak in the clear, and those
// that came by our certificate (swarm_keys::show) and speak HTTP. A connection is closed if it says nothing within the
// handshake deadline. If too many are silent, one of the origin that holds most goes (core/fair_places). An origin that
// opens connections too often has to wait (core/connection_rate, net/syn_filter). If the process is out of descriptors,
// accepting pauses and goes on later. Owned by a node; call stop(), then join its task group.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <string>

#include "core/connection_rate.hpp"
#include "core/error.hpp"
#include "core/fair_places.hpp"
#include "net/event.hpp"
#include "net/stream.hpp"
#include "net/swarm_keys.hpp"
#include "net/task_group.hpp"
#include "net/use_tuple.hpp"
#include "observe/log_limit.hpp"

namespace shoal {

/// The time from accept to the first byte, and again from there to the end of a protocol's own handshake.
inline constexpr duration handshake_deadline = std::chrono::seconds(10);
/// Connections that have not said their first byte yet. A further one makes one of them go.
inline constexpr std::size_t silent_connections_max = 256;

/// A request over HTTP/1.1 begins with a letter (RFC 9112, 3).
constexpr bool begins_http(std::uint8_t first_byte) {
  return (first_byte >= 'A' && first_byte <= 'Z') || (first_byte >= 'a' && first_byte <= 'z');
}

class listener {
 public:
  /// Called for each connection that spoke, on the listener's context. Takes over the connection.
  using handler = std::function<void(stream connection, std::uint8_t first_byte)>;

  /// `keys`: of the swarm; they outlive this. `on_stranger`: for connections that have not proven the key of a private
  /// swarm. They are in the clear, or encrypted and speak HTTP (stream::is_encrypted).
  /// `silent_max`: connections that have not said their first byte. A further one makes one of them go. `rates`: how
  /// many connections one origin may open.
  listener(asio::any_io_executor executor, const swarm_keys& keys, handler on_connection, handler on_stranger,
           std::size_t silent_max = silent_connections_max,
           const connection_rate::rates& rates = connection_rate::at_peer);
  ~listener();

  /// Binds and listens. Port 0 takes a free one. errc::address_in_use or permission name the endpoint and the remedy.
  result<void> open(const tcp::endpoint& where);
  /// Accepts until stop(). Returns when all connections that were still silent are closed.
  awaitable<void> run();
  void stop();

  /// A connection from there ended within connection_rate::short_time.
  void on_short_connection(const tcp::endpoint& from);

  /// The bound endpoint, with the real port.
  tcp::endpoint local() const { return local_; }

 private:
  /// Closes a silent connection, so that one of `origin` has a place.
  void make_room(const address_group& origin);
  /// Sniffs, and holds a place meanwhile.
  awaitable<void> sniff_in_place(std::list<stream>::iterator silent, address_group origin);
  awaitable<void> sniff(std::list<stream>::iterator silent);
  /// The first byte, inside TLS if the swarm is private. Nothing: the connection is of no use.
  awaitable<std::optional<std::uint8_t>> identify(stream& one);
  void log_failure(const stream& one, const error& why);
  /// The origin of this address has spent its credit: the kernel drops what it opens, for a while.
  void hold(const tcp::endpoint& from);
  /// Ends that, until stop().
  awaitable<void> let_go();

  asio::any_io_executor executor_;
  const swarm_keys& keys_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  event release_;
  handler on_connection_;
  handler on_stranger_;
  log_limit failures_logged_;
  log_limit pauses_logged_;
  log_limit floods_logged_;
  connection_rate rate_;
  tcp::endpoint local_;
  std::list<stream> silent_;
  fair_places places_;
  std::map<fair_places::place_id, stream*> holders_;
  task_group sniffers_;
  std::size_t silent_max_;
  bool stopped_ = false;
};

}  // namespace shoal
