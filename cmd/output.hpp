// Results go to stdout, everything else to stderr.
//
// For the commands and the console, on the main thread. Unbuffered, so nothing is lost or mixed up at exit.
// docs/CONTROL.md tells what stderr holds with --json.
#pragma once

#include <string_view>

#include "core/error.hpp"

namespace shoal {

/// From now on errors and notes are JSON objects, one a line. The console decides this for each line.
void use_json_output(bool on);
bool json_output();

/// Writes to stdout. A reader that went away is no error: it has seen enough, and later output is dropped. Errors:
/// no_space, disk.
result<void> print(std::string_view text);

/// Writes one line to stderr, made printable, or {"note": TEXT}. Failures are ignored: nobody could be told.
void note(std::string_view line);

/// Writes "error: TEXT" to stderr, or {"error": {"class": NAME, "message": TEXT, "exit": CODE}}. If the user stopped
/// the command, that is no error, and the prefix is left out.
void print_error(const error& e);

}  // namespace shoal
