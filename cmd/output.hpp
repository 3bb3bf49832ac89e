// Results go to stdout, everything else to stderr.
//
// For the commands and the console, on the main thread; unbuffered, so that nothing is lost or mixed up at
// exit.
#pragma once

#include <string_view>

#include "core/error.hpp"

namespace shoal {

/// Writes to stdout. A reader that went away is no error: it has seen enough, later output is dropped.
/// Errors: no_space, disk.
result<void> print(std::string_view text);

/// One line on stderr, made printable; failures are ignored, nobody could be told.
void note(std::string_view line);

/// "error: TEXT" on stderr; what the user stopped is no error and goes without the prefix.
void print_error(const error& e);

}  // namespace shoal
