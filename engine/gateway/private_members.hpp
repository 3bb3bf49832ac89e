// What of the rows only the user of a peer may see. Pure; for api_service and event_feed.
#pragma once

#include <boost/json/value.hpp>

namespace shoal {

/// Leaves out where files are on this machine, and texts that may name them.
void leave_out_private(boost::json::value& from);

}  // namespace shoal
