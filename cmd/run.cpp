#include "cmd/run.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

#include "cmd/alone.hpp"
#include "cmd/console.hpp"
#include "cmd/control_client.hpp"
#include "cmd/output.hpp"
#include "cmd/program_name.hpp"
#include "cmd/terminal.hpp"
#include "cmd/terminal_lines.hpp"
#include "cmd/way_in.hpp"
#include "content/magnet.hpp"
#include "control/described.hpp"
#include "control/rows.hpp"
#include "observe/log.hpp"

namespace shoal {

namespace {

constexpr std::array<std::string_view, 4> global_options_with_value{"--state", "--config", "--log-level",
                                                                    "--log-format"};

result<void> begin_log(const command& described, const arguments& given) {
  const bool console = console_possible() && !given.flag("json") && !given.flag("no-console");
  const bool daemon = described.name == "tracker" || (described.name == "peer" && !console);
  std::string level = given.text("log-level");
  // The command's error repeats its warnings. It must be the only object on stderr.
  const char* of_command = given.flag("json") ? "error" : "warn";
  if (level.empty()) level = daemon ? "info" : of_command;
  std::string format = given.text("log-format");
  if (format.empty() && given.flag("json")) format = "json";
  const log_writer beside_drawings = is_terminal(STDERR_FILENO) ? &write_line : nullptr;
  return start_log(level, format == "json" ? log_format::json : log_format::text, beside_drawings);
}

// Another command may be this swarm's peer at the same moment. How often and how long to try.
constexpr int alone_tries_max = 100;
constexpr auto alone_pause = std::chrono::milliseconds(100);

// This process becomes the peer for as long as the command takes. If another command is already the peer, this process
// asks that one.
result<void> run_alone(const command& described, const arguments& given, const std::vector<std::string>& trackers,
                       interrupt& stop, torrent_arguments& torrents, const std::string& state_directory) {
  // Only a download has anything that is worth going on with.
  const bool keep_state = described.name == "download";
  result<void> outcome = error{errc::cancelled, "interrupted"};
  for (int tries = 0; tries < alone_tries_max && !stop.raised(); ++tries) {
    const auto alone = alone_peer::start(given, trackers, keep_state);
    if (alone) return described.run({given, stop, torrents, &(*alone)->client(), alone->get()});
    outcome = alone.error();
    if (!keep_state || alone.error().code != errc::conflict) return outcome;
    if (auto client = control_client::connect(state_directory)) {
      outcome = described.run({given, stop, torrents, &*client, nullptr, true});
      // The other command may have ended before it had done what it was asked.
      if (outcome || !client->lost()) return outcome;
    }
    pause(alone_pause, stop);
  }
  return outcome;
}

// Whether the peer is the process of another command, and ends with that command.
result<bool> is_lone(control_client& client, const interrupt& stop) {
  const auto answer = client.call("ping", {}, stop);
  if (answer) return from_json<rows::alive>(*answer).lone;
  if (client.lost()) return true;
  return answer.error();
}

result<void> run_command(const command& described, const arguments& given, interrupt& stop) {
  if (const auto begun = begin_log(described, given); !begun) return begun;
  torrent_arguments torrents(stop);
  if (described.required == needs::nothing) return described.run({given, stop, torrents});
  const auto directory = given.state_directory();
  auto client = directory ? control_client::connect(*directory) : result<control_client>(directory.error());
  const bool downloads = described.name == "download";
  const bool shares = described.name == "add";
  const auto lone = client && (downloads || shares) ? is_lone(*client, stop) : result<bool>(false);
  if (!lone) return lone.error();
  if (shares && *lone) {
    return error{
        errc::not_found,
        "no peer runs here but that of another download, which ends with it: start one with " + quoted_command("peer")};
  }
  if (client && !*lone) return described.run({given, stop, torrents, &*client});
  // The peer may run where we may not look, or have no place to be at. Then it is not ours, unless the user named it.
  const errc why = client ? errc::not_found : client.error().code;
  const bool nobody = why == errc::not_found || (!given.has("state") && (!directory || why == errc::permission));
  const way_in way = downloads ? way_in_of(given.texts("operands"), torrents) : way_in{};
  const bool others_known = !given.texts("tracker").empty() || (downloads && !given.texts("peer").empty()) ||
                            !way.trackers.empty() || !way.peers.empty();
  const bool alone = described.required == needs::peer_or_alone && others_known;
  if (alone && nobody) {
    return run_alone(described, given, way.trackers, stop, torrents, directory ? *directory : std::string());
  }
  if (client) return described.run({given, stop, torrents, &*client, nullptr, true});
  // An error in a link is not the peer's.
  for (const std::string& what : downloads ? given.texts("operands") : std::vector<std::string>{}) {
    if (const auto link = parse_magnet(what); !link && looks_like_magnet(what)) return link.error();
  }
  // A user who gives a link with trackers expects that no other peer is needed.
  if (const std::string unused = unused_text(way); !unused.empty()) note("note: " + unused);
  return client.error();
}

result<void> print_text(const char* name, const std::string& text) {
  return print(json_output() ? json::serialize(json::object{{name, text}}) + "\n" : text);
}

// The words of a line that are neither options nor their values.
std::vector<std::string> plain_words(const std::vector<std::string>& words) {
  std::vector<std::string> plain;
  for (auto at = words.begin(); at != words.end(); ++at) {
    if (!at->starts_with('-')) plain.push_back(*at);
    const bool takes_next = std::ranges::find(global_options_with_value, *at) != global_options_with_value.end();
    if (takes_next && std::next(at) != words.end()) ++at;
  }
  return plain;
}

error further_argument(const std::string& command, const std::string& word) {
  return {errc::usage, "'" + command + "' takes no further argument '" + word + "': see " + quoted_command("help")};
}

result<void> help(const std::vector<std::string>& words) {
  const std::vector<std::string> topics = plain_words(words);
  if (topics.empty()) return print_text("help", help_of_program());
  const command* described = find_command(topics.front());
  if (described == nullptr) return unknown_command(topics.front());
  if (topics.size() > 1) return further_argument("help", topics[1]);
  return print_text("help", help_of(*described));
}

result<void> print_version(const std::vector<std::string>& words) {
  if (const auto further = plain_words(words); !further.empty()) return further_argument("version", further.front());
  return json_output() ? print_text("version", SHOAL_VERSION) : print("shoal " SHOAL_VERSION "\n");
}

result<void> dispatch(const command_line& line, const environment& variables, interrupt& stop) {
  const auto has = [&line](std::string_view option) {
    return std::ranges::find(line.words, option) != line.words.end();
  };
  if (line.word == "version" || (line.word.empty() && has("--version"))) return print_version(line.words);
  if (line.word == "help" || (line.word.empty() && (has("--help") || has("-h")))) return help(line.words);
  const bool options_alone = std::ranges::any_of(line.words, [](const std::string& word) { return word != "--json"; });
  if (line.word.empty() && options_alone && line.words.front() != "--") {
    return error{errc::usage, "no command after '" + line.words.back() + "': see " + quoted_command("help")};
  }
  if (line.word.empty()) return error{errc::usage, "which command? See " + quoted_command("help")};
  const command* described = find_command(line.word);
  if (described == nullptr) return unknown_command(line.word);
  const auto given = arguments::parse(*described, line.words, variables);
  if (!given) return given.error();
  if (given->flag("help")) return print_text("help", help_of(*described));
  return run_command(*described, *given, stop);
}

}  // namespace

command_line split_command_line(const std::vector<std::string>& words) {
  command_line line;
  auto at = words.begin();
  while (at != words.end() && at->starts_with('-')) {
    const bool takes_next = std::ranges::find(global_options_with_value, *at) != global_options_with_value.end();
    line.words.push_back(*at++);
    if (takes_next && at != words.end()) line.words.push_back(*at++);
  }
  if (at != words.end()) line.word = *at++;
  line.words.insert(line.words.end(), at, words.end());
  return line;
}

int run_program(const std::vector<std::string>& words, const environment& variables, interrupt& stop) {
  use_json_output(wants_json(words));
  const auto outcome = dispatch(split_command_line(words), variables, stop);
  if (outcome) return 0;
  print_error(outcome.error());
  return exit_code(outcome.error().code);
}

}  // namespace shoal
