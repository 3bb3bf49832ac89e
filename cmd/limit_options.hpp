// The options --up-limit and --down-limit, as `peer`, `add` and `download` have them.
#pragma once

#include <boost/json/object.hpp>
#include <boost/program_options/options_description.hpp>
#include <string>

#include "cmd/arguments.hpp"
#include "core/rate_text.hpp"

namespace shoal {

/// `what`: of which payload is limited, in the help.
void add_limit_options(boost::program_options::options_description& options, const std::string& what);

/// Of this process, wherever they were set. errc::usage.
result<rate_limits> limits_of_process(const arguments& given);
/// `up_limit` and `down_limit` of one share: those that were typed. Settings are of the process.
void put_share_limits(boost::json::object& params, const arguments& given);

}  // namespace shoal
