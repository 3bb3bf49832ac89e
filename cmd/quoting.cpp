#include "cmd/quoting.hpp"

#include <utility>

#include "content/link_text.hpp"

namespace shoal {

namespace {

constexpr std::string_view blanks = " \t\r\n";
// Links are pasted, and quotes and backslashes in them are meant as they are.
constexpr std::string_view link_start = "magnet:?";

struct scanned_line {
  std::vector<std::string> words;
  bool in_word = false;  // the last of `words` reaches the end of the line
  std::size_t start = 0;
  char quote = 0;
  bool dangling_backslash = false;
};

scanned_line scan(std::string_view line) {
  scanned_line scanned;
  bool in_link = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (scanned.quote == 0 && blanks.find(c) != std::string_view::npos) {
      scanned.in_word = false;
      continue;
    }
    if (!scanned.in_word) {
      scanned.in_word = true;
      scanned.start = at;
      scanned.words.emplace_back();
      in_link = starts_with_any_case(line.substr(at), link_start);
    }
    std::string& word = scanned.words.back();
    if (in_link) {
      word += c;
    } else if (scanned.quote != 0 && c == scanned.quote) {
      scanned.quote = 0;
    } else if (scanned.quote == 0 && (c == '\'' || c == '"')) {
      scanned.quote = c;
    } else if (c == '\\' && scanned.quote != '\'') {
      if (at + 1 == line.size()) {
        scanned.dangling_backslash = true;
        break;
      }
      const char next = line[at + 1];
      if (scanned.quote == 0 || next == '"' || next == '\\') {
        word += next;
        ++at;
      } else {
        word += c;
      }
    } else {
      word += c;
    }
  }
  return scanned;
}

}  // namespace

result<std::vector<std::string>> split_words(std::string_view line) {
  scanned_line scanned = scan(line);
  if (scanned.quote != 0) {
    return error{errc::usage, std::string("a quote ") + scanned.quote + " is not closed"};
  }
  if (scanned.dangling_backslash) return error{errc::usage, "the line ends in a lone backslash"};
  return std::move(scanned.words);
}

std::string escape_word(std::string_view word) {
  if (word.empty()) return "''";
  constexpr std::string_view special = " \t\r\n'\"\\";
  std::string escaped;
  if (starts_with_any_case(word, link_start)) escaped += '\\';
  for (const char c : word) {
    if (special.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

open_word last_word(std::string_view line) {
  scanned_line scanned = scan(line);
  open_word open;
  open.start = line.size();
  if (scanned.in_word) {
    open.start = scanned.start;
    open.text = std::move(scanned.words.back());
    open.quote = scanned.quote;
    scanned.words.pop_back();
  }
  open.before = std::move(scanned.words);
  return open;
}

}  // namespace shoal
