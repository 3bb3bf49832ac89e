// A .torrent file named on the command line. It is read here because the peer may not see the user's files.
//
// For the download command. Reads a bounded number of bytes. The peer checks what they mean.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cmd/interrupt.hpp"
#include "core/error.hpp"

namespace shoal {

/// What a word of `download` means if it names a file.
struct torrent_argument {
  std::string base64;       ///< content of the file; "" if the word names no readable file
  bool may_be_name = true;  ///< a share may have the word as its name; the word then means the share
  /// Why the file that the word seems to name cannot be read. Told if no share has that name.
  std::optional<error> unreadable{};
};

/// The words of one command line. Each file is read once, when it is first needed, because a pipe gives its content
/// only once.
class torrent_arguments {
 public:
  /// `stop` ends the wait for the content of a pipe. It must outlive this object.
  explicit torrent_arguments(const interrupt& stop) : stop_(stop) {}

  /// Reads the file if `word` ends in .torrent (in any case), is a path, or is a file:// address. A path has a slash,
  /// which no name of a share has. So a path that cannot be read is an error. Errors: not_found, permission, disk,
  /// limit, malformed, cancelled, and usage for the address of a web page. The answer lives as long as this object.
  const result<torrent_argument>& of(const std::string& word);

 private:
  const interrupt& stop_;
  std::map<std::string, result<torrent_argument>> read_;
};

}  // namespace shoal
