// The name by which the program was called, for help, usage and remedies: `node` in the build, `shoal` when installed.
//
// main sets it once, before anything is said. Every text that names the program asks here.
#pragma once

#include <string>
#include <string_view>

namespace shoal {

/// Takes the last path element of argv[0]. null or "" leaves "shoal".
void set_program_name(const char* called);
const std::string& program_name();

/// "'shoal WORDS'", as a message names a command line.
std::string quoted_command(std::string_view words);

}  // namespace shoal
