// The name that the program was called by, for help, usage and remedies: `node` in the build, `shoal` when installed.
//
// Set once by main, before anything is said. Every text that names the program asks here.
#pragma once

#include <string>
#include <string_view>

namespace shoal {

/// From argv[0], whose last element of a path counts; null or "" leaves "shoal".
void set_program_name(const char* called);
const std::string& program_name();

/// "'shoal WORDS'", as a message names a command line.
std::string quoted_command(std::string_view words);

}  // namespace shoal
