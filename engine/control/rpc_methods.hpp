// The methods of peer_control by name, from JSON and to JSON: what JSON-RPC calls (docs/CONTROL.md).
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "control/caller.hpp"
#include "control/peer_control.hpp"
#include "core/error.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

/// errc::usage for an unknown method, and for parameters of the wrong kind. Parameters that it does not
/// know are ignored: see unknown_parameter().
awaitable<result<boost::json::value>> call_method(peer_control& control, std::string method, boost::json::value params,
                                                  caller& by);
/// The first member of `params` that the method does not know; "" if it knows all, or there is no such method.
std::string unknown_parameter(std::string_view method, const boost::json::object& params);

}  // namespace shoal
