#include "cmd/command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <sstream>

#include "cmd/nearest_word.hpp"
#include "cmd/program_name.hpp"
#include "core/lower_case.hpp"

namespace shoal {

namespace po = boost::program_options;

namespace {

po::options_description global_options(const command& described) {
  po::options_description options("For every command");
  auto add = options.add_options();
  if (described.has_state) {
    add("state", po::value<std::string>()->value_name("DIR"),
        "state directory of the peer (default: ~/.local/state/shoal)");
  }
  add("config", po::value<std::string>()->value_name("FILE"), "settings (default: ~/.config/shoal/shoal.ini)");
  add("log-level", po::value<std::string>()->value_name("LEVEL"), "trace, debug, info, warn, error or off");
  add("log-format", po::value<std::string>()->value_name("FORMAT"), "text or json");
  add("json", po::bool_switch(), "answers, errors and notes as JSON");
  add("help,h", po::bool_switch(), "this text");
  return options;
}

po::options_description own_options(const command& described) {
  po::options_description options("Options");
  if (described.add_options != nullptr) described.add_options(options);
  return options;
}

}  // namespace

std::string_view first_sentence(std::string_view text) {
  const auto end = text.find(". ");
  return end == std::string_view::npos && text.ends_with('.') ? text.substr(0, text.size() - 1) : text.substr(0, end);
}

const std::vector<command>& all_commands() {
  static const std::vector<command> commands{
      tracker_command(), peer_command(),   add_command(),    list_command(),   download_command(), cancel_command(),
      peers_command(),   status_command(), remove_command(), stop_command(),   verify_command(),   torrent_command(),
      limit_command(),   why_command(),    keys_command(),   keygen_command(), token_command()};
  return commands;
}

const command* find_command(std::string_view word) {
  const std::string wanted = lower_case(word);
  for (const command& known : all_commands()) {
    if (known.name == wanted || std::ranges::find(known.aliases, wanted) != known.aliases.end()) return &known;
  }
  return nullptr;
}

const command* nearest_command(std::string_view word) {
  std::vector<std::string_view> names;
  for (const command& known : all_commands()) names.push_back(known.name);
  const std::string_view nearest = nearest_word(lower_case(word), names);
  return nearest.empty() ? nullptr : find_command(nearest);
}

error unknown_command(std::string_view word) {
  const command* nearest = nearest_command(word);
  const std::string guess = nearest == nullptr ? "" : fmt::format("did you mean '{}'? ", nearest->name);
  return {errc::usage, fmt::format("unknown command '{}': {}{} {}", word, guess, nearest == nullptr ? "see" : "See",
                                   quoted_command("help"))};
}

bool wants_json(const std::vector<std::string>& words) {
  const auto options_end = std::ranges::find(words, "--");
  return std::find(words.begin(), options_end, "--json") != options_end;
}

po::options_description options_of(const command& described) {
  po::options_description options;
  options.add(own_options(described));
  options.add(global_options(described));
  return options;
}

std::string help_of(const command& described) {
  std::ostringstream text;
  text << "Usage: " << program_name() << " " << described.name << " [OPTIONS]";
  if (!described.operands.empty()) text << " " << described.operands;
  text << "\n\n" << described.summary << "\n";
  if (!described.aliases.empty()) {
    text << "Also:";
    for (const std::string_view alias : described.aliases) text << " " << alias;
    text << "\n";
  }
  const auto own = own_options(described);
  if (!own.options().empty()) text << "\n" << own;
  text << "\n" << global_options(described) << "\nExample:\n  " << program_name() << " " << described.name;
  if (!described.example.empty()) text << " " << described.example;
  text << "\n";
  return text.str();
}

std::string help_of_program() {
  const std::string& program = program_name();
  std::string text = fmt::format(
      "shoal moves big files to many machines.\n\nUsage: {} COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n", program);
  for (const command& known : all_commands()) {
    text += fmt::format("  {:<10} {}\n", known.name, first_sentence(known.summary));
  }
  text += fmt::format("  help       Shows this text; {} tells more\n  version    Shows the version\n",
                      quoted_command("help COMMAND"));
  text += fmt::format(
      "\nExample, on three machines:\n"
      "  {0} tracker --listen :7000\n"
      "  {0} peer --tracker HOST:7000 --share big.iso\n"
      "  {0} download big.iso --tracker HOST:7000\n\n",
      program);
  text +=
      "Settings come from options, then SHOAL_* variables (SHOAL_TRACKER, SHOAL_DIR, SHOAL_STATE,\n"
      "SHOAL_LOG_LEVEL, …), then ~/.config/shoal/shoal.ini ('tracker = HOST:7000').\n"
      "Exit codes: 0 done, 1 internal, 2 usage, 3 not found, 4 unreachable, 5 verification failed,\n"
      "6 disk or not permitted, 7 conflict, 8 limit, 130 interrupted.\n";
  return text;
}

}  // namespace shoal
