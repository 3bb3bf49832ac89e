// Shell-like quoting of the console's lines. Pure.
//
// Blanks part words. '…' keeps everything. "…" keeps all but \" and \\. A backslash keeps the next character. A magnet
// link is pasted, so it is taken as it is up to the next blank.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace shoal {

struct shell_word {
  std::string text;         ///< without its quotes
  std::string pattern;      ///< for glob(3): a quoted special character has a backslash before it
  bool is_pattern = false;  ///< has a special character outside of quotes
  bool home = false;        ///< begins with a `~` outside of quotes
};
/// Like split_words, with the parts that a shell would expand.
result<std::vector<shell_word>> split_shell_words(std::string_view line);

/// The words of a line. errc::usage for an open quote, or for a backslash at the end.
result<std::vector<std::string>> split_words(std::string_view line);

/// `word` with a backslash before each character that split_words would not take as it is.
std::string escape_word(std::string_view word);

/// The word at the end of an unfinished line, for completion.
struct open_word {
  std::vector<std::string> before;  ///< complete words in front of it
  std::size_t start = 0;            ///< where it starts in the line, in bytes
  std::string text;                 ///< its value so far, quotes removed
  bool home = false;                ///< begins with a `~` outside of quotes
  char quote = 0;                   ///< ' or " if the line ends inside such a quote
};
open_word last_word(std::string_view line);

}  // namespace shoal
