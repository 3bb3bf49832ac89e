#include "cmd/completion.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include "cmd/command.hpp"
#include "cmd/home_path.hpp"
#include "cmd/quoting.hpp"

namespace shoal {

namespace {

// A folder with more entries is completed from its first ones.
constexpr std::size_t candidates_max = 2000;

std::vector<std::string> verbs(const std::string& begun) {
  const bool lower = !begun.empty() && std::islower(static_cast<unsigned char>(begun[0])) != 0;
  std::vector<std::string> known{"help", "quit", "exit"};
  for (const command& described : all_commands()) {
    if (!described.in_console) continue;
    known.emplace_back(described.name);
    known.insert(known.end(), described.aliases.begin(), described.aliases.end());
  }
  for (std::string& verb : known) {
    for (char& c : verb) c = static_cast<char>(lower ? c : std::toupper(static_cast<unsigned char>(c)));
  }
  return known;
}

std::vector<std::string> paths(const std::string& begun, bool at_home) {
  namespace fs = std::filesystem;
  const auto slash = begun.rfind('/');
  const std::string directory = slash == std::string::npos ? "" : begun.substr(0, slash + 1);
  const bool hidden = begun.substr(directory.size()).starts_with('.');
  std::vector<std::string> found;
  std::error_code ec;
  const auto variables = [](const char* name) -> const char* { return std::getenv(name); };
  const std::string where = at_home ? expand_home(directory, variables) : directory;
  for (fs::directory_iterator entry(where.empty() ? "." : where, ec), end; !ec && entry != end; entry.increment(ec)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.') && !hidden) continue;
    std::error_code ignored;
    found.push_back(directory + name + (entry->is_directory(ignored) ? "/" : ""));
    if (found.size() == candidates_max) break;
  }
  return found;
}

bool takes_path(const std::string& option) {
  constexpr std::array<std::string_view, 6> options{"--dir", "--key", "-o", "--output", "--sign", "--trust"};
  return std::ranges::find(options, option) != options.end();
}

std::vector<std::string> option_names(const command& described) {
  std::vector<std::string> names;
  const auto options = options_of(described);
  for (const auto& option : options.options()) names.push_back("--" + option->long_name());
  return names;
}

}  // namespace

completion complete_line(std::string_view line, const std::function<std::vector<std::string>()>& share_names) {
  const open_word open = last_word(line);
  completion found;
  found.start = open.start;
  if (open.before.empty()) {
    found.words = verbs(open.text);
  } else if (const command* described = find_command(open.before.front()); described == nullptr) {
    if (open.before.front() == "help" || open.before.front() == "HELP") found.words = verbs(open.text);
  } else if (open.text.starts_with("--")) {
    found.words = option_names(*described);
  } else if (described->name == "add" || takes_path(open.before.back())) {
    found.words = paths(open.text, open.home);
  } else {
    found.words = share_names();
  }
  std::erase_if(found.words, [&open](const std::string& word) { return !word.starts_with(open.text); });
  std::ranges::sort(found.words);
  for (std::string& word : found.words) word = open.home ? "~" + escape_word(word.substr(1)) : escape_word(word);
  return found;
}

}  // namespace shoal
