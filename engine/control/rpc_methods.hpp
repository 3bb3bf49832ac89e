// The methods of peer_control by name, from JSON and to JSON: what JSON-RPC calls (docs/CONTROL.md).
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "control/caller.hpp"
#include "control/peer_control.hpp"
#include "core/error.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

/// errc::usage for an unknown method, and for parameters of the wrong kind. Unknown parameters are ignored.
awaitable<result<boost::json::value>> call_method(peer_control& control, std::string method, boost::json::value params,
                                                  caller& by);

}  // namespace shoal
