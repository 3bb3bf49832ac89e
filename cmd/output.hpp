// Results go to stdout, everything else to stderr.
//
// For the commands and the console, on the main thread; unbuffered, so that nothing is lost or mixed up at
// exit. docs/CONTROL.md tells what stderr holds with --json.
#pragma once

#include <string_view>

#include "core/error.hpp"

namespace shoal {

/// From now on errors and notes are JSON objects, one a line. The console decides so for each line.
void use_json_output(bool on);
bool json_output();

/// Writes to stdout. A reader that went away is no error: it has seen enough, later output is dropped.
/// Errors: no_space, disk.
result<void> print(std::string_view text);

/// One line on stderr, made printable, or {"note": TEXT}; failures are ignored, nobody could be told.
void note(std::string_view line);

/// "error: TEXT" on stderr, without the prefix for what the user stopped, which is no error; or
/// {"error": {"class": NAME, "message": TEXT, "exit": CODE}}.
void print_error(const error& e);

}  // namespace shoal
