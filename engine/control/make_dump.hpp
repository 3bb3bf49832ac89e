// The dump of a peer: what a maintainer needs to know of it, and nothing secret (control/rows.hpp).
#pragma once

#include "control/rows.hpp"

namespace shoal {

class peer_node;

/// `names`: those of shares and files, too.
rows::dump dump_of(const peer_node& node, bool names);

}  // namespace shoal
