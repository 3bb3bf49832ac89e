// What the values of options look like, whether they come from the command line, a variable, or the settings file.
//
// Checked before anything runs, so a value that cannot be understood is never passed over in silence. Checks the text
// alone. Code that uses a path or a host finds out whether it exists.
#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace shoal {

/// errc::usage names the value of the option `name` (without "--"), what is wrong with it, and what to write. An option
/// for any text is always right.
result<void> check_form(std::string_view name, const std::string& value);

}  // namespace shoal
