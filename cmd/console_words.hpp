// The words of a console line as a shell would hand them over. `~` and patterns in the paths of this machine are
// expanded, and nothing else: names of shares are patterns of the peer.
//
// For console_command. Reads directories.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/settings.hpp"
#include "core/error.hpp"

namespace shoal {

/// The words of the line. Outside of quotes `~`, `*`, `?`, `[…]` and `{…}` are expanded in three places: the paths of
/// `add`, .torrent files of `download`, and what follows --dir, -o and --output. A pattern that matches nothing stays
/// as it is. errc::usage as for split_words(), and for a pattern that means several paths where one is wanted.
result<std::vector<std::string>> console_words(std::string_view line, const environment& variables);

}  // namespace shoal
