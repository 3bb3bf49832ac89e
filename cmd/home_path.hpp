// `~` at the beginning of a path, where no shell has seen it: settings files, SHOAL_* variables, --dir=~/x, the
// console.
#pragma once

#include <string>

#include "cmd/settings.hpp"

namespace shoal {

/// Replaces `~` and `~/x` with $HOME, or with the home directory of the user account. Replaces `~NAME` with that of
/// NAME. Everything else stays as it is, also a `~` for which there is no home directory.
std::string expand_home(const std::string& path, const environment& variables);

}  // namespace shoal
