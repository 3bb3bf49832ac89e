// The words of a console line as a shell would hand them over: `~` and patterns in the paths of this machine are
// expanded, and nothing else, because names of shares are patterns of the peer.
//
// For console_command. Reads directories.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/settings.hpp"
#include "core/error.hpp"

namespace shoal {

/// The line in words. Expanded are the paths of `add`, .torrent files of `download`, and what follows --dir, -o and
/// --output: `~`, `*`, `?`, `[…]` and `{…}` outside of quotes. A pattern that matches nothing stays as it is.
/// errc::usage as split_words(), and for a pattern that means several where one path is wanted.
result<std::vector<std::string>> console_words(std::string_view line, const environment& variables);

}  // namespace shoal
