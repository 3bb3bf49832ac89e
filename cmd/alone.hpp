// A command without a running peer. This process becomes a peer for as long as the command takes.
//
// The command still speaks to the peer over its control socket, so there is one way of doing everything.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cmd/arguments.hpp"
#include "cmd/control_client.hpp"
#include "cmd/node_host.hpp"
#include "core/error.hpp"
#include "gateway/peer_service.hpp"

namespace shoal {

class alone_peer {
 public:
  /// Starts a peer with the trackers of `given` and `trackers`, and connects to it. With `keep_state` the peer uses the
  /// state directory of `given`, so an interrupted download goes on when it is asked for again. Otherwise the peer
  /// writes nothing anywhere.
  static result<std::unique_ptr<alone_peer>> start(const arguments& given, const std::vector<std::string>& trackers,
                                                   bool keep_state);

  control_client& client() { return *client_; }
  /// Returns when a signal has come or the peer has ended by itself.
  void wait_for(const interrupt& stop) const { host_->wait_for(stop); }
  bool finished() const { return host_->finished(); }

 private:
  alone_peer() = default;

  std::unique_ptr<node_host<peer_service>> host_;
  std::optional<control_client> client_;
};

/// Waits for so long, or until a signal comes.
void pause(duration time, const interrupt& stop);

/// Waits until the downloads of other commands have ended. Such a command found this process as its running peer, and
/// relies on it.
void wait_for_others(control_client& client, const alone_peer& alone, const interrupt& stop);

}  // namespace shoal
