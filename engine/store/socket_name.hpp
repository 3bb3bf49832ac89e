// A Unix socket's path in the form that bind() and connect() take: at most 107 bytes.
//
// A longer path is named through the descriptor of its directory (/proc/self/fd), so a state directory may be as deep
// as any other. Used by code that opens the control socket or connects to it. Blocks.
#pragma once

#include <string>

#include "core/error.hpp"
#include "store/beneath.hpp"

namespace shoal {

class socket_name {
 public:
  /// `path` is absolute. errc::not_found if its directory is not there. errc::limit if it is long and there is no
  /// /proc.
  static result<socket_name> of(const std::string& path);

  /// Names the socket as long as this object lives, in this process only.
  const std::string& text() const { return text_; }

 private:
  unique_descriptor directory_;
  std::string text_;
};

}  // namespace shoal
