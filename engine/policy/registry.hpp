// The tracker's state: who is here, what they share, who watches what; and the batches of changes to tell them.
//
// In memory only: peers say everything again after a restart. Pure and single-threaded; owned by tracker_node.
// DESIGN: "Tracker".
#pragma once

namespace shoal {

class registry;  // the implementer designs it: see the tracker's protocol in wire/live.hpp

}  // namespace shoal
