// The program: finds the command, gives it what it needs, and turns its outcome into an exit code.
//
// Called once by main. Connects to the running peer, or becomes a peer for as long as the command takes.
#pragma once

#include <string>
#include <vector>

#include "cmd/command.hpp"
#include "cmd/settings.hpp"

namespace shoal {

/// A command line taken apart. The command gets the options in front of it, too.
struct command_line {
  std::string word;                ///< "" if there is none
  std::vector<std::string> words;  ///< everything else, in order
};
command_line split_command_line(const std::vector<std::string>& words);

/// Runs one command line (without the program's name) and returns the exit code.
int run_program(const std::vector<std::string>& words, const environment& variables, interrupt& stop);

}  // namespace shoal
