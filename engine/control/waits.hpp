// Waiting, in a method of peer_control, until a tracker or the record of this peer has said what there is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/caller.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

class peer_node;

/// Of a peer that finds nobody.
inline constexpr std::string_view no_tracker_text = "this peer has no tracker and knows only its own shares";

/// A caller is told of progress at most this often.
inline constexpr duration notice_interval = std::chrono::milliseconds(100);

/// Returns when something changed at the peer, at `give_up`, or after a short time, to notice that a caller is gone.
awaitable<void> wait_for_change(peer_node& node, time_point give_up);
/// Returns when a tracker has said what there is, or after a while without an answer.
awaitable<void> wait_for_catalogue(peer_node& node, const caller& by);
/// Returns when the signatures of the catalogue are checked, or after a while.
awaitable<void> wait_for_signatures(peer_node& node, const caller& by);
/// A peer that has only just started does not know its shares yet. Returns when it knows what `what` means, or all that
/// it shares and downloads; at the latest after some seconds.
awaitable<void> wait_for_record(peer_node& node, const std::optional<std::string>& what, const caller& by);
/// Returns when each tracker that answers lists those of these shares that this peer offers: others find them then. At
/// the latest after a while: a tracker that is full lists no more.
awaitable<void> wait_until_listed(peer_node& node, const std::vector<share_id>& ids, const caller& by);
/// No tracker would answer differently if it were asked again: each wants another key, for example.
bool refused_for_good(const peer_node& node);
/// errc::timed_out or unreachable: why the first tracker is not connected.
error without_tracker(const peer_node& node);
/// errc::cancelled.
error nobody_waits();

}  // namespace shoal
