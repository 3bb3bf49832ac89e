// `~` at the beginning of a path, where no shell has seen it: settings files, SHOAL_* variables, --dir=~/x, the
// console.
#pragma once

#include <string>

#include "cmd/settings.hpp"

namespace shoal {

/// `~` and `~/x` with $HOME, or the home directory of the user account; `~NAME` with that of NAME. Everything else, and
/// the `~` of somebody who has no home directory, stays as it is.
std::string expand_home(const std::string& path, const environment& variables);

}  // namespace shoal
