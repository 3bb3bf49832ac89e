// A command: a word after the name of the program. One description serves parsing, help and running, here and in the
// console.
//
// Each command_*.cpp makes one description; they come together here. A command prints its result to stdout and returns
// its failure, which the caller prints.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/arguments.hpp"
#include "core/error.hpp"

namespace shoal {

class control_client;
class interrupt;
class torrent_arguments;
class alone_peer;

/// What a command gets to run. Everything in it outlives the run.
struct invocation {
  const arguments& given;
  interrupt& stop;
  /// What the words of the command line mean as torrent files.
  torrent_arguments& torrents;
  /// The peer that does the work. Null for commands that need no peer.
  control_client* client = nullptr;
  /// Not null if no peer was running and this process became one for the command.
  alone_peer* alone = nullptr;
  /// The peer is the process of another command. That command found no running peer either.
  bool borrowed = false;
};

/// What must be there before a command runs.
enum class needs {
  nothing,
  peer,           ///< a running peer
  peer_or_alone,  ///< a running peer, or trackers or peers to act alone with
};

struct command {
  std::string_view name;
  /// Further names, for the console as well.
  std::vector<std::string_view> aliases = {};
  /// As shown in usage: "PATH…".
  std::string_view operands = {};
  std::size_t operands_min = 0;
  std::size_t operands_max = 0;
  std::string_view summary;
  /// The words after the name of the command.
  std::string_view example = {};
  needs required = needs::nothing;
  bool in_console = true;
  /// It has a state directory, or asks a peer that has one.
  bool has_state = true;
  void (*add_options)(boost::program_options::options_description& options) = nullptr;
  result<void> (*run)(const invocation& call) = nullptr;
};

inline constexpr std::size_t any_number = static_cast<std::size_t>(-1);

/// All commands in the order of the help text.
const std::vector<command>& all_commands();
/// By name or alias, in any case. Null if there is none.
const command* find_command(std::string_view word);
/// The command that `word` is a misspelling of. Null if none is near.
const command* nearest_command(std::string_view word);
/// "unknown command 'X': did you mean 'Y'? See 'shoal help'".
error unknown_command(std::string_view word);

/// Whether --json is among the words of a command line, which may be malformed in any other way.
bool wants_json(const std::vector<std::string>& words);

/// The command's own options, and those of every command.
boost::program_options::options_description options_of(const command& described);
/// The help of one command: usage, summary, options, an example.
std::string help_of(const command& described);
/// The first sentence without its full stop, for lists.
std::string_view first_sentence(std::string_view text);
/// The help of the program.
std::string help_of_program();

// One per command_*.cpp.
command tracker_command();
command peer_command();
command add_command();
command list_command();
command download_command();
command cancel_command();
command peers_command();
command status_command();
command remove_command();
command stop_command();
command verify_command();
command torrent_command();
command limit_command();
command why_command();
command keys_command();
command keygen_command();
command token_command();

}  // namespace shoal
