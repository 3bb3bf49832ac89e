#include "cmd/console_words.hpp"

#include <glob.h>

#include <algorithm>
#include <array>

#include "cmd/command.hpp"
#include "cmd/home_path.hpp"
#include "cmd/quoting.hpp"

namespace shoal {

namespace {

constexpr std::array<std::string_view, 7> options_of_a_path{"--dir", "--dump", "--key",  "--output",
                                                            "-o",    "--sign", "--trust"};

std::vector<std::string> expanded(const shell_word& word, const environment& variables) {
  const std::string plain = word.home ? expand_home(word.text, variables) : word.text;
  if (!word.is_pattern) return {plain};
  const std::string pattern = word.home ? expand_home(word.pattern, variables) : word.pattern;
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), GLOB_BRACE, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      const std::string path = found.gl_pathv[i];
      // A file of such a name would be taken for an option.
      paths.push_back(path.starts_with('-') ? "./" + path : path);
    }
  }
  ::globfree(&found);
  if (paths.empty()) paths.push_back(plain);
  return paths;
}

bool is_path(const command& described, const shell_word& word) {
  if (described.name == "add") return true;
  return described.name == "download" && word.text.ends_with(".torrent") && !word.text.starts_with("magnet:");
}

}  // namespace

result<std::vector<std::string>> console_words(std::string_view line, const environment& variables) {
  const auto words = split_shell_words(line);
  if (!words) return words.error();
  std::vector<std::string> plain;
  const command* described = words->empty() ? nullptr : find_command(words->front().text);
  for (std::size_t i = 0; i < words->size(); ++i) {
    const shell_word& word = (*words)[i];
    const bool after_option =
        i > 0 && std::ranges::find(options_of_a_path, (*words)[i - 1].text) != options_of_a_path.end();
    const bool operand = i > 0 && !word.text.starts_with('-');
    if (described == nullptr || !operand || (!after_option && !is_path(*described, word))) {
      plain.push_back(word.text);
      continue;
    }
    std::vector<std::string> paths = expanded(word, variables);
    if (after_option && paths.size() > 1) {
      return error{errc::usage, "'" + word.text + "' means " + std::to_string(paths.size()) + " paths, and " +
                                    (*words)[i - 1].text + " takes one"};
    }
    plain.insert(plain.end(), paths.begin(), paths.end());
  }
  return plain;
}

}  // namespace shoal
