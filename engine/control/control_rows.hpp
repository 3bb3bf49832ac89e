// The JSON rows that the control socket answers with; their members are documented in docs/CONTROL.md.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "core/bitmap.hpp"
#include "core/error.hpp"

namespace shoal {

class peer_node;
class share;
struct added_share;

/// The row of what failed beside others: `state` is the member that says so.
boost::json::object failed_row(boost::json::object row, std::string_view state, const error& why);
boost::json::object added_json(const added_share& added);
boost::json::array list_json(const peer_node& node, const std::string& glob, bool versions);
boost::json::array peers_json(const peer_node& node);
/// A progress notification for each tracker that was tried and is not connected.
boost::json::array away_json(const peer_node& node);
boost::json::object download_json(const share& which);
boost::json::object status_json(const peer_node& node);
/// `good`: the pieces that are as they should be.
boost::json::object verify_json(const share& which, const bitmap& good);

}  // namespace shoal
