// What the words of a `download` request mean: names, patterns, ids, links and .torrent files. Waits for shares that
// some peer has just added or still hashes.
#pragma once

#include <vector>

#include "control/caller.hpp"
#include "control/requests.hpp"
#include "core/error.hpp"
#include "net/use_tuple.hpp"
#include "peer/share/download.hpp"

namespace shoal {

class peer_node;

/// One request for each meant share, with the options of `wanted`. Waits until the first tracker has said what there
/// is, and until the meant shares are hashed. Ends soon after the caller is gone. errc::usage, malformed, ambiguous,
/// not_found or unreachable.
awaitable<result<std::vector<download_request>>> requests_of(peer_node& node, requests::download wanted, caller& by);

}  // namespace shoal
