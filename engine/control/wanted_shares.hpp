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

/// One request for each share that is meant, with the options of `wanted`. Takes as long as the first tracker needs to
/// say what there is, and as what is meant is hashed; ends soon after the caller is gone. errc::usage, malformed,
/// ambiguous, not_found or unreachable.
awaitable<result<std::vector<download_request>>> requests_of(peer_node& node, requests::download wanted, caller& by);

}  // namespace shoal
