// What people can ask of a peer: the methods of docs/CONTROL.md, with typed arguments and typed rows.
//
// Looks up what words mean, waits for what a tracker or a hasher has to say first, and settles conflicts between
// callers. Transports (the control socket) parse, call and serialise, and decide nothing. Borrows the peer; on the
// network thread. Requests run side by side. Each method ends soon after its caller is gone, with errc::cancelled. What
// it began goes on. Arguments that are missing or make no sense are errc::usage.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/caller.hpp"
#include "control/flow_rows.hpp"
#include "control/requests.hpp"
#include "control/rows.hpp"
#include "core/error.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

class peer_node;
class share;
struct download_request;

class peer_control {
 public:
  template <class T>
  using answer = awaitable<result<T>>;

  /// `end_peer` ends the peer and its transports.
  peer_control(peer_node& node, std::function<void()> end_peer);

  /// One row for each path, in their order, when the trackers list them. If there is only one path, its error.
  answer<std::vector<rows::added>> add(requests::add wanted, caller& by);
  /// Sorted by name, then what is hashed. Tells which trackers are away. timed_out or unreachable: there is nothing to
  /// list, and no tracker.
  answer<std::vector<rows::listed_share>> list(requests::list wanted, caller& by);
  /// Sorted by name; otherwise like list().
  answer<std::vector<rows::listed_peer>> peers(requests::none none, caller& by);
  /// The keys of this private swarm and who uses which; empty if the swarm is open. Otherwise like list().
  answer<std::vector<rows::swarm_key>> keys(requests::none none, caller& by);
  /// One row for each meant share. If there is only one, its error. Tells how the downloads get on.
  answer<std::vector<rows::download>> download(requests::download wanted, caller& by);
  /// conflict: the download is complete by now.
  answer<rows::cancellation> cancel(requests::cancel wanted, caller& by);
  /// conflict or disk: the limit holds, and cannot be kept for later runs.
  answer<rows::limits> limit(requests::limit wanted, caller& by);
  /// When the record of earlier runs is read, or after some seconds.
  answer<rows::status> status(requests::none none, caller& by);
  /// Sorted by name. Of one share, also if it is complete or cancelled.
  answer<std::vector<rows::why>> why(requests::why wanted, caller& by);
  /// not_found: the share is neither served nor downloaded now, or its metadata is not known yet.
  answer<rows::piece_map> pieces(requests::one wanted, caller& by);
  /// One row for each session, sorted by the name of the share.
  answer<std::vector<rows::flow>> flows(requests::none none, caller& by);
  answer<rows::dump> dump(requests::dump wanted, caller& by);
  answer<rows::removal> remove(requests::one wanted, caller& by);
  /// Tells how far the check is. conflict: the share is not complete.
  answer<rows::verified> verify(requests::one wanted, caller& by);
  /// not_found: the share's metadata is not known yet.
  answer<rows::torrent_file> torrent(requests::one wanted, caller& by);
  /// Answers at once, whatever else the peer does.
  answer<rows::alive> ping(requests::none none, caller& by);
  /// The peer ends when the answer is on its way.
  answer<rows::nothing> stop(requests::none none, caller& by);

 private:
  struct begun_download;

  class waiting_request;

  // peer_control_download.cpp
  answer<begun_download> begin_limited(download_request request, const requests::download& wanted, caller& by);
  answer<std::shared_ptr<share>> begin_download(download_request request, std::string otherwise, caller& by);
  awaitable<void> wait_for_turn(std::shared_ptr<share> before, caller& by);
  awaitable<void> wait_for_end(std::vector<begun_download>& running, waiting_request& waiting,
                               const requests::download& wanted, caller& by);
  awaitable<void> go_over(begun_download& one, waiting_request& waiting, requests::download wanted, caller& by);

  peer_node& node_;
  std::function<void()> end_peer_;
};

}  // namespace shoal
