// What the console's last word can become.
//
// For the console, which knows the line editor. Reads directories when a path is completed, and nothing else.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

struct completion {
  std::size_t start = 0;  ///< byte of the line where the word begins
  /// The whole word in each case, quoted for the line. A folder ends in a slash.
  std::vector<std::string> words;
};

/// Verbs at the start of the line, paths after ADD, options after "--". Otherwise the names that `share_names` returns.
completion complete_line(std::string_view line, const std::function<std::vector<std::string>()>& share_names);

}  // namespace shoal
