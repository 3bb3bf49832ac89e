// A .torrent file named on the command line, read here because the peer may not see the user's files.
//
// For the download command. Reads a bounded number of bytes and does not look at what they mean: the peer
// does.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cmd/interrupt.hpp"
#include "core/error.hpp"

namespace shoal {

/// What a word of `download` means if it is taken as a file.
struct torrent_argument {
  std::string base64;       ///< content of the file; "" if the word names none that can be read
  bool may_be_name = true;  ///< a share may have the word as its name, and the share is meant then
  /// Why the file that the word seems to name cannot be read: told if no share is called so.
  std::optional<error> unreadable{};
};

/// The words of one command line. Each file is read once, when it is first asked for, because a pipe gives its content
/// only once.
class torrent_arguments {
 public:
  /// `stop` ends the wait for the content of a pipe. It must outlive this object.
  explicit torrent_arguments(const interrupt& stop) : stop_(stop) {}

  /// Reads the file if `word` ends in .torrent, in any case, or is a path or a file:// address. A path has a slash in
  /// it, which no name of a share has: then a file that cannot be read is an error. Errors: not_found, permission,
  /// disk, limit, malformed, cancelled, and usage for the address of a web page. The answer lives as long as this
  /// object.
  const result<torrent_argument>& of(const std::string& word);

 private:
  const interrupt& stop_;
  std::map<std::string, result<torrent_argument>> read_;
};

}  // namespace shoal
