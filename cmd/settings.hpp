// Where option values come from besides the command line: SHOAL_* variables and an INI file.
//
// The command line wins, then the environment, then the file. In the file a section [COMMAND] holds for one
// command and wins over lines in front of every section. Only the names of setting_names() may be set there.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <functional>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace shoal {

/// Reads a variable, nullptr if it is not set; std::getenv in the program.
using environment = std::function<const char*(const char* name)>;

/// Options that may be set outside of the command line, without "--".
const std::vector<std::string_view>& setting_names();

/// SHOAL_LOG_LEVEL for log-level, and so on; for the options that `known` has. Several trackers are parted by
/// commas.
boost::program_options::parsed_options settings_from_environment(
    const boost::program_options::options_description& known, const environment& variables);

/// usage names the file and the line's setting that is unknown or malformed.
result<boost::program_options::parsed_options> settings_from_file(
    std::istream& file, const std::string& path, std::string_view command,
    const boost::program_options::options_description& known);

/// $XDG_CONFIG_HOME/shoal/shoal.ini or ~/.config/shoal/shoal.ini; "" without a home.
std::string default_config_path(const environment& variables);

}  // namespace shoal
