// Where option values come from besides the command line: SHOAL_* variables and an INI file.
//
// The command line wins over the environment, and the environment over the file. In the file, a section [COMMAND] holds
// for one command. It wins over lines in front of every section, and over lines under [shoal]. Only the names of
// setting_names() may be set there. A setting without a value counts as not set.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace shoal {

/// Reads a variable; nullptr if it is not set. In the program this is std::getenv.
using environment = std::function<const char*(const char* name)>;

/// Options that may be set outside of the command line, without "--".
const std::vector<std::string_view>& setting_names();

/// An option that was set outside of the command line.
struct setting {
  std::string name;  ///< of the option, without "--"
  std::vector<std::string> values;
  std::vector<std::string> origins;  ///< of each value, for messages: "SHOAL_DIR", "FILE, line 3"
};

/// SHOAL_LOG_LEVEL for log-level, and so on, for the options that `known` has. Commas part several trackers. usage
/// names the variable whose value is malformed, and the remedy. That may be the variable of another option, too.
result<std::vector<setting>> settings_from_environment(const boost::program_options::options_description& known,
                                                       const environment& variables);

/// Reads the text of the file at `path`, for the options that `known` has. usage names the line that is unknown or
/// malformed, and the remedy.
result<std::vector<setting>> settings_from_file(std::string_view text, const std::string& path,
                                                std::string_view command,
                                                const boost::program_options::options_description& known);

/// $XDG_CONFIG_HOME/shoal/shoal.ini or ~/.config/shoal/shoal.ini; "" without a home.
std::string default_config_path(const environment& variables);

}  // namespace shoal
