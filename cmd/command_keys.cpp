#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/program_options/value_semantic.hpp>

#include "cmd/call.hpp"
#include "cmd/command.hpp"
#include "cmd/output.hpp"
#include "cmd/peer_settings.hpp"
#include "cmd/table.hpp"
#include "cmd/terminal.hpp"
#include "control/described.hpp"
#include "control/rows.hpp"

namespace shoal {

namespace po = boost::program_options;

namespace {

void add_options(po::options_description& options) {
  options.add_options()("tracker", po::value<std::vector<std::string>>()->value_name("HOST:PORT"),
                        "whom to ask if no peer runs here; may be repeated");
  add_key_option(options);
}

std::string names_of(const rows::swarm_key& row) {
  std::string names;
  for (const std::string& name : row.peers) names += (names.empty() ? "" : ", ") + name;
  return names;
}

result<void> run(const invocation& call) {
  note_unused_tracker(call);
  std::vector<std::string> away;
  const auto answer = call_for_listing(call, "keys", {}, away);
  if (!answer) return answer.error();
  for (const std::string& line : away) note(line);
  if (call.given.flag("json")) return print(boost::json::serialize(*answer) + "\n");
  table listing({{"KEY"}, {"HERE"}, {"USED BY"}});
  for (const auto& row : from_json<std::vector<rows::swarm_key>>(*answer)) {
    listing.add_row({row.key, row.use, names_of(row)});
  }
  if (listing.empty()) {
    note("this swarm is open: no key is needed");
    return {};
  }
  return print(listing.render(is_terminal(STDOUT_FILENO) ? size_of_terminal(STDOUT_FILENO).columns : 0));
}

}  // namespace

command keys_command() {
  return {.name = "keys",
          .summary = "Lists the keys of a private swarm, and which peers use which.",
          .example = "--tracker 192.0.2.1:7000 --key swarm.key",
          .required = needs::peer_or_alone,
          .add_options = &add_options,
          .run = &run};
}

}  // namespace shoal
