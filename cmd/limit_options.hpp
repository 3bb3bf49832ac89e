// Limits of rates on the command line: the options --up-limit and --down-limit of `peer`, `add` and `download`, and
// limits as text for people.
#pragma once

#include <boost/json/object.hpp>
#include <boost/program_options/options_description.hpp>
#include <string>

#include "cmd/arguments.hpp"
#include "core/rate_text.hpp"

namespace shoal {

/// `what`: in the help, what is sent and received, with a blank in front; or "".
void add_limit_options(boost::program_options::options_description& options, const std::string& what);

/// The limits of this process, wherever they were set. errc::usage.
result<rate_limits> limits_of_process(const arguments& given);
/// "limited to 2.00 MB/s up, 1.00 kB/s down", without what has no limit; "" if neither has one.
std::string limits_text(const rate_limits& limits);
/// "up 2.00 MB/s, down no limit".
std::string both_limits_text(const rate_limits& limits);
/// The `up_limit` and `down_limit` of one share: those that were typed. Settings are of the process.
void put_share_limits(boost::json::object& params, const arguments& given);

}  // namespace shoal
