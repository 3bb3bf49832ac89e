// The directory in which one peer keeps its state: the database, the lock and the control socket.
//
// Held by at most one process at a time, by flock on DIR/lock, which the kernel releases when the process
// ends in any way. The peer opens it at the start; words for a running peer only need the path functions.
#pragma once

#include <string>

#include "core/error.hpp"
#include "store/beneath.hpp"

namespace shoal {

/// $SHOAL_STATE, else $XDG_STATE_HOME/shoal if that is absolute, else ~/.local/state/shoal (XDG base
/// directories). errc::usage if there is no home directory either.
result<std::string> default_state_directory();

/// Where a peer with state directory `directory` listens for commands, absolute (see socket_name).
result<std::string> control_socket_path(const std::string& directory);

class state_directory {
 public:
  /// Makes `directory` (0700) and its parents where they are missing, and takes the lock for the life of the
  /// object. errc::conflict that names the pid if another process has it.
  static result<state_directory> open(const std::string& directory);

  /// Absolute.
  const std::string& path() const { return path_; }
  const std::string& control_socket() const { return control_socket_; }

 private:
  state_directory() = default;

  std::string path_;
  std::string control_socket_;
  unique_descriptor lock_;
};

}  // namespace shoal
