// One line of the console: parsed, run against the peer, and its errors shown.
//
// Called by the console, on the main thread. Each line has a control connection of its own. So an interrupted command
// leaves nothing for the next.
#pragma once

#include <string>
#include <string_view>

namespace shoal {

class interrupt;

/// False if the line asks to quit.
bool run_console_line(std::string_view line, const std::string& state_directory, interrupt& stop);

}  // namespace shoal
