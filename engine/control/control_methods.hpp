// What each word of the control socket does (docs/CONTROL.md): from JSON to the peer and back.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <string_view>

#include "core/error.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

class peer_node;

/// One request while it is being answered. Lives until the method returned.
struct control_call {
  peer_node& node;
  const boost::json::object& params;
  std::function<void(boost::json::object)> notify;  ///< sends a progress notification
  std::function<bool()> abandoned;                  ///< the client is gone: long waits end
  const std::function<void()>& end_peer;            ///< ends the peer and its control socket
};

/// Runs `method`; errc::usage for one that does not exist or parameters that do not fit.
awaitable<result<boost::json::value>> call_method(std::string_view method, control_call& call);

}  // namespace shoal
