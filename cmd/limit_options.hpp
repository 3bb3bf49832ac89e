// The options --up-limit and --down-limit of `peer`, `add` and `download`.
#pragma once

#include <boost/json/object.hpp>
#include <boost/program_options/options_description.hpp>
#include <string>

#include "cmd/arguments.hpp"
#include "core/rate_text.hpp"

namespace shoal {

/// `what`: in the help, the payload that is limited.
void add_limit_options(boost::program_options::options_description& options, const std::string& what);

/// The limits of this process, wherever they were set. errc::usage.
result<rate_limits> limits_of_process(const arguments& given);
/// The `up_limit` and `down_limit` of one share: those that were typed. Settings are of the process.
void put_share_limits(boost::json::object& params, const arguments& given);

}  // namespace shoal
