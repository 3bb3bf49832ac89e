// The number of a session at a tracker.
#pragma once

#include "core/ids.hpp"

namespace shoal {

/// A session of a peer with the tracker; never reused.
using tracker_session_id = strong_index<struct tracker_session_tag>;

}  // namespace shoal
