// The console: the prompt of `node peer` on a terminal.
//
// Just another client of the control socket: every line is a command as after `node`, with its verb in any
// case and shell-like quoting. Runs on the main thread while the peer runs on its own. Line editing, history
// and completion are libedit's, which holds its state in globals: one console a process.
#pragma once

#include <string>

namespace shoal {

class interrupt;

/// Whether stdin and stdout are terminals: a peer is then a console, otherwise a daemon.
bool console_possible();

/// Reads and runs lines until the user quits, `finished` (the peer's end) becomes readable, or SIGTERM comes.
/// Ctrl-C stops the command that runs, or empties the line. History is kept in STATE_DIRECTORY/history.
void run_console(const std::string& state_directory, int finished, interrupt& stop);

}  // namespace shoal
