// The console: the prompt of `node peer` on a terminal.
//
// The console is just another client of the control socket. Every line is a command as after `node`, with its verb in
// any case and shell-like quoting. The console runs on the main thread, while the peer runs on a thread of its own.
// libedit does line editing, history and completion. It holds its state in globals, so there is one console a process.
#pragma once

#include <string>

namespace shoal {

class interrupt;

/// Whether stdin and stdout are terminals. If so, a peer is a console, otherwise a daemon.
bool console_possible();

/// Reads and runs lines until the user quits, `finished` (the peer's end) becomes readable, or SIGTERM comes. Ctrl-C
/// stops the running command, or empties the line. STATE_DIRECTORY/history keeps the history.
void run_console(const std::string& state_directory, int finished, interrupt& stop);

}  // namespace shoal
