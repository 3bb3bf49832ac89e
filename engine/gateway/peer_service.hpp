// A peer that people can use: peer_node, its control socket, its gateway and its completion hook. They run and end
// together.
//
// Owns them, on one io_context. open(), then run() until stop(). Programs host it (cmd/node_host). Tests of the peer
// alone use peer_node.
#pragma once

#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/completion_hook.hpp"
#include "control/control_server.hpp"
#include "control/peer_control.hpp"
#include "core/descriptor.hpp"
#include "gateway/gateway.hpp"
#include "net/task_group.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

struct peer_service_options {
  peer_options peer;
  /// A connected Unix socket. Only its other end is served, and there is no control socket in the file system. The peer
  /// is then stateless.
  unique_descriptor only_client{};
  /// Who may use the API over HTTP. The name of this host is added.
  api_access api = {};
  /// Of a private swarm: the user's certificate; if it is empty, the peer makes one.
  certificate_paths certificate = {};
  /// A program and its arguments, run for each download that becomes complete (control/completion_hook).
  std::vector<std::string> on_complete = {};
};

class peer_service {
 public:
  peer_service(asio::io_context& context, peer_service_options options);

  /// Like peer_node::open(); then takes the control socket, which is in the state directory.
  result<void> open();
  /// Serves until stop().
  awaitable<void> run();
  /// Like peer_node::stop().
  void stop();

  const peer_node& node() const { return node_; }

 private:
  asio::any_io_executor executor_;
  completion_hook hook_;
  peer_node node_;
  peer_control control_;
  gateway gateway_;
  unique_descriptor only_client_;
  std::optional<control_server> server_;
  task_group tasks_;
};

}  // namespace shoal
