// What the values of options look like, wherever they come from: the command line, a variable, or the settings file.
//
// Looked at before anything runs, so that a value that cannot be understood is never passed over in silence. Looks at
// the text alone: whether a path or a host exists is for whoever uses it.
#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace shoal {

/// errc::usage names the value of the option `name` (without "--"), what is wrong with it, and what to write. Options
/// of any text are always right.
result<void> check_form(std::string_view name, const std::string& value);

}  // namespace shoal
