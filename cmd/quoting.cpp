#include "cmd/quoting.hpp"

#include <utility>

#include "content/link_text.hpp"

namespace shoal {

namespace {

constexpr std::string_view blanks = " \t\r\n";
// Links are pasted, and quotes and backslashes in them are meant as they are.
constexpr std::string_view link_start = "magnet:?";

// Characters that glob(3) with GLOB_BRACE does not take as they are.
constexpr std::string_view glob_characters = "*?[]{},\\~";
constexpr std::string_view glob_beginnings = "*?[{";

struct scanned_line {
  std::vector<shell_word> words;
  bool in_word = false;  // the last of `words` reaches the end of the line
  std::size_t start = 0;
  char quote = 0;
  bool dangling_backslash = false;
};

void add_literal(shell_word& word, char c) {
  word.text += c;
  if (glob_characters.find(c) != std::string_view::npos) word.pattern += '\\';
  word.pattern += c;
}

void add_plain(shell_word& word, char c) {
  word.home = word.home || (word.text.empty() && word.pattern.empty() && c == '~');
  word.is_pattern = word.is_pattern || glob_beginnings.find(c) != std::string_view::npos;
  word.text += c;
  word.pattern += c;
}

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
    shell_word& word = scanned.words.back();
    if (in_link) {
      add_literal(word, c);
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
        add_literal(word, next);
        ++at;
      } else {
        add_literal(word, c);
      }
    } else if (scanned.quote != 0) {
      add_literal(word, c);
    } else {
      add_plain(word, c);
    }
  }
  return scanned;
}

}  // namespace

result<std::vector<shell_word>> split_shell_words(std::string_view line) {
  scanned_line scanned = scan(line);
  if (scanned.quote != 0) {
    return error{errc::usage, std::string("a quote ") + scanned.quote + " is not closed"};
  }
  if (scanned.dangling_backslash) return error{errc::usage, "the line ends in a lone backslash"};
  return std::move(scanned.words);
}

result<std::vector<std::string>> split_words(std::string_view line) {
  auto words = split_shell_words(line);
  if (!words) return words.error();
  std::vector<std::string> texts;
  for (shell_word& word : *words) texts.push_back(std::move(word.text));
  return texts;
}

std::string escape_word(std::string_view word) {
  if (word.empty()) return "''";
  constexpr std::string_view special = " \t\r\n'\"\\*?[{";
  std::string escaped;
  if (starts_with_any_case(word, link_start)) escaped += '\\';
  for (const char c : word) {
    if (escaped.empty() && c == '~') escaped += '\\';
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
    open.text = std::move(scanned.words.back().text);
    open.home = scanned.words.back().home;
    open.quote = scanned.quote;
    scanned.words.pop_back();
  }
  for (shell_word& word : scanned.words) open.before.push_back(std::move(word.text));
  return open;
}

}  // namespace shoal
