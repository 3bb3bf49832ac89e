// The control socket: JSON-RPC 2.0, one object a line, over a Unix socket in the state directory. docs/CONTROL.md.
//
// Transport only: peer_control does what the methods do. Requests of one connection run side by side. Each is one
// coroutine of the connection's task group. It ends when the request is answered or the connection is closed. Owned by
// peer_service, on the network thread.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <list>
#include <memory>
#include <string>

#include "content/metainfo.hpp"
#include "core/descriptor.hpp"
#include "core/error.hpp"
#include "net/event.hpp"
#include "net/task_group.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

class peer_control;

/// Bytes of a request or an answer that holds the largest .torrent, in base64.
inline constexpr std::size_t control_line_bytes_max = torrent_bytes_max / 3 * 4 + 1024 * 1024;
/// Requests of one connection that run at the same time.
inline constexpr std::size_t control_requests_max = 64;
/// Bytes of unread answers and notifications. A client that lets them pile up first misses progress, and then is cut
/// off.
inline constexpr std::size_t control_outbox_bytes_max = control_line_bytes_max + 64 * 1024 * 1024;
inline constexpr std::size_t control_progress_bytes_max = 1024 * 1024;

/// One client of the control socket.
class control_connection {
 public:
  control_connection(asio::any_io_executor executor, peer_control& control,
                     asio::local::stream_protocol::socket socket);

  awaitable<void> run();
  void close();
  bool closed() const { return closed_; }

  /// Sends a progress notification for a request. It is dropped if the client does not read.
  void notify(const boost::json::value& request, boost::json::object params);

 private:
  awaitable<void> read_loop();
  awaitable<void> write_loop();
  awaitable<void> answer(boost::json::object request);
  void send(const boost::json::object& message);

  peer_control& control_;
  asio::local::stream_protocol::socket socket_;
  std::string inbox_;
  std::size_t scanned_ = 0;  ///< bytes of it that are known to hold no end of a line
  std::string outbox_;
  event work_;
  task_group requests_;
  bool ending_ = false;  ///< nothing is read any more: close when everything is said
  bool closed_ = false;
};

class control_server {
 public:
  /// Serves at most `connections_max` clients at once. One more is told so, and its connection is closed.
  control_server(asio::any_io_executor executor, peer_control& control, std::size_t connections_max);

  /// Binds the socket at `path`, mode 0600. Replaces a socket that a dead process left behind.
  result<void> open(const std::string& path);
  /// Instead of open(): serves only the other end of this connected socket.
  result<void> adopt(unique_descriptor client);
  awaitable<void> run();
  void stop();

 private:
  void begin(asio::local::stream_protocol::socket socket);
  void refuse(asio::local::stream_protocol::socket& socket) const;
  awaitable<void> serve(std::list<std::unique_ptr<control_connection>>::iterator at);

  asio::any_io_executor executor_;
  peer_control& control_;
  std::size_t connections_max_;
  asio::local::stream_protocol::acceptor acceptor_;
  std::string path_;
  std::list<std::unique_ptr<control_connection>> connections_;
  task_group tasks_;
  bool stopped_ = false;
};

}  // namespace shoal
