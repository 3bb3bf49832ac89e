// The directory in which one peer keeps its state: the database, the lock and the control socket.
//
// At most one process holds it at a time, by flock on DIR/lock. The kernel releases the lock when the process ends in
// any way. The peer opens the directory at the start. Commands for a running peer need the path functions only.
#pragma once

#include <string>

#include "core/error.hpp"
#include "store/beneath.hpp"

namespace shoal {

/// $SHOAL_STATE, else $XDG_STATE_HOME/shoal if that is absolute, else ~/.local/state/shoal (XDG base
/// directories). errc::usage if there is no home directory either.
result<std::string> default_state_directory();

/// Where the peer of state directory `directory` listens for commands, absolute (see socket_name).
result<std::string> control_socket_path(const std::string& directory);

class state_directory {
 public:
  /// Makes `directory` (0700) and its parents where they are missing. Takes the lock for the life of the object.
  /// errc::conflict that names the pid if another process has the lock.
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
