// What the words of a `download` request mean: names, patterns, ids, links and .torrent files. Waits for what somebody
// has just added or still hashes.
#pragma once

#include <vector>

#include "control/control_methods.hpp"
#include "core/error.hpp"
#include "net/use_tuple.hpp"
#include "peer/share/download.hpp"

namespace shoal {

/// One request for each share that is meant, with the options of `call`. Takes as long as the first tracker needs to
/// say what there is, and as what is meant is hashed; ends soon after the client is gone. errc::usage, malformed,
/// ambiguous, not_found or unreachable.
awaitable<result<std::vector<download_request>>> requests_of(control_call& call);

}  // namespace shoal
