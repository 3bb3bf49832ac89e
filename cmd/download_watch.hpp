// Several downloads of one command, side by side on one connection: progress, answers, and Ctrl-C.
//
// For the download command, on the main thread; blocks until all have ended. Prints no results.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/control_client.hpp"
#include "control/requests.hpp"
#include "control/rows.hpp"

namespace shoal {

struct wanted_download {
  std::string word;  ///< the word of the user
  requests::download params;
  /// The error that replaces "no share is called so": see torrent_argument.
  std::optional<error> unreadable{};
};

struct download_outcome {
  json::array answers;               ///< the rows of all requests, in their order, as they came
  std::vector<rows::download> rows;  ///< the same
  std::vector<error> failures;
};

/// Sends a `download` request for each of `wanted` and waits for all answers. Shows progress on stderr. If `stop` is
/// raised, cancels what runs, says what is kept, and returns cancelled.
result<download_outcome> watch_downloads(control_client& client, const interrupt& stop,
                                         std::vector<wanted_download> wanted);

}  // namespace shoal
