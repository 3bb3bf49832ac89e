// Requests to the peer as most commands make them.
//
// For the command_*.cpp files, on the main thread; blocks until the peer has answered.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/command.hpp"
#include "cmd/control_client.hpp"

namespace shoal {

/// Makes one request. Shows its progress on stderr, under `name` where a notice names nothing.
result<json::value> call_with_progress(const invocation& call, std::string_view method, json::object params,
                                       const std::string& name);

/// Notes that a typed --tracker is not used, because a peer runs here.
void note_unused_tracker(const invocation& call);

/// A request about the one share that the first operand means: {"what": …}.
json::object params_of_what(const invocation& call);

/// A `list` or `peers` request. Its answer may be older than now. `away` gets a note for each tracker that is away.
result<json::value> call_for_listing(const invocation& call, std::string_view method, json::object params,
                                     std::vector<std::string>& away);

/// The digits of an id that listings show. They are enough to tell shares apart and to be typed.
std::string short_id(const std::string& id);

}  // namespace shoal
