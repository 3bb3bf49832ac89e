// The metrics of a peer, from what `status` says of it. Pure but for those of the process; for gateway.
#pragma once

#include <string>

#include "control/rows.hpp"
#include "observe/metrics_text.hpp"

namespace shoal {

std::string peer_metrics(const rows::status& status, metrics_text::format how);

}  // namespace shoal
