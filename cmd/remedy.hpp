// What helps against an error, in the words of the command line. The engine says only what kind of thing would help.
//
// For output.cpp, which prints errors, and for the commands that read failures out of rows. Pure.
#pragma once

#include <optional>
#include <string>

#include "core/error.hpp"

namespace shoal {

/// The text of the error, and what helps: "no directory /x; create it, or choose another directory with --dir".
std::string text_with_remedy(const error& e);

/// The error of something that failed beside others, from the members of its row. An older or newer peer may have
/// written them.
error error_of_row(const std::optional<std::string>& class_name, std::string text,
                   const std::optional<std::string>& remedy_name);

}  // namespace shoal
