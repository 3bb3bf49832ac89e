// What the methods of the control socket share: their parameters, and waiting for what a tracker has to say first.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/control_methods.hpp"
#include "core/time.hpp"
#include "peer/peer_node.hpp"

namespace shoal {

/// Progress is told this often at most.
inline constexpr duration told_interval = std::chrono::milliseconds(100);

/// Nothing if there is no such parameter, or it is no string.
std::optional<std::string> text_param(const control_call& call, std::string_view name);
bool flag_param(const control_call& call, std::string_view name, bool otherwise);
/// The strings of a list; empty if there is none.
std::vector<std::string> list_param(const control_call& call, std::string_view name);
/// errc::usage.
error missing_param(std::string_view name);

/// A share of this peer: running here, recorded while its content is missing, or a download that was cancelled. The
/// pointers are valid until the next co_await.
struct share_here {
  share_id id;
  std::string name;
  std::shared_ptr<share> running;
  const missing_share* missing = nullptr;
  const paused_download* paused = nullptr;

  /// Null if it is not known yet.
  metainfo_ptr info() const;
};

/// The one share of this peer that the parameter `what` means; see peer_node::find_here.
result<share_here> here_param(const control_call& call);

/// Returns when something changed at the peer, at `give_up`, or soon, so that a client that is gone is noticed.
awaitable<void> wait_for_change(control_call& call, time_point give_up);
/// Returns when a tracker has said what there is, or after a while without.
awaitable<void> wait_for_catalogue(control_call& call);
/// errc::unreachable: why the first tracker is not connected.
error without_tracker(const control_call& call);

}  // namespace shoal
