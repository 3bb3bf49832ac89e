#include "cmd/console_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "cmd/command.hpp"
#include "cmd/console_words.hpp"
#include "cmd/control_client.hpp"
#include "cmd/output.hpp"
#include "cmd/torrent_file.hpp"

namespace shoal {

namespace {

std::string upper_case(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return upper;
}

// The peer has its settings already. The environment must not change them from one line to the next.
const char* home_alone(const char* name) {
  return std::string_view(name) == "HOME" ? std::getenv(name) : nullptr;
}

std::string help_of_console() {
  std::string text;
  for (const command& known : all_commands()) {
    if (!known.in_console) continue;
    std::string names = upper_case(known.name);
    for (const std::string_view alias : known.aliases) names += ", " + upper_case(alias);
    text += fmt::format("  {:<16} {:<10} {}\n", names, known.operands, first_sentence(known.summary));
  }
  return text +
         "  HELP             [COMMAND]  Shows this text, or more about a command\n"
         "  QUIT, EXIT                  Ends the peer, as Ctrl-D does; Ctrl-C stops the command that runs\n";
}

result<void> help(const std::vector<std::string>& words) {
  if (words.size() < 2) return print(help_of_console());
  const command* described = find_command(words[1]);
  if (described == nullptr) return unknown_command(words[1]);
  if (words.size() > 2) return error{errc::usage, "HELP takes no further argument '" + words[2] + "'"};
  return print(help_of(*described));
}

result<void> run(const std::vector<std::string>& words, const std::string& state_directory, interrupt& stop) {
  const command* described = find_command(words[0]);
  if (described == nullptr) return unknown_command(words[0]);
  if (!described->in_console) {
    return error{errc::usage, fmt::format("'{}' cannot be used in the console: see HELP", described->name)};
  }
  const auto given = arguments::parse(*described, {words.begin() + 1, words.end()}, home_alone);
  if (!given) return given.error();
  if (given->flag("help")) return print(help_of(*described));
  auto client = control_client::connect(state_directory);
  if (!client) return client.error();
  torrent_arguments torrents(stop);
  return described->run({*given, stop, torrents, &*client});
}

}  // namespace

bool run_console_line(std::string_view line, const std::string& state_directory, interrupt& stop) {
  const auto words = console_words(line, home_alone);
  use_json_output(words && wants_json(*words));
  if (!words) {
    print_error(words.error());
    return true;
  }
  if (words->empty()) return true;
  const std::string verb = upper_case(words->front());
  if (verb == "QUIT" || verb == "EXIT") return false;
  const auto outcome = verb == "HELP" || verb == "?" ? help(*words) : run(*words, state_directory, stop);
  if (!outcome) print_error(outcome.error());
  use_json_output(false);
  return true;
}

}  // namespace shoal
