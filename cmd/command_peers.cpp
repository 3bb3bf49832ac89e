#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/program_options/value_semantic.hpp>

#include "cmd/call.hpp"
#include "cmd/command.hpp"
#include "cmd/control_client.hpp"
#include "cmd/output.hpp"
#include "cmd/peer_settings.hpp"
#include "cmd/program_name.hpp"
#include "cmd/table.hpp"
#include "cmd/terminal.hpp"
#include "control/described.hpp"
#include "control/rows.hpp"

namespace shoal {

namespace po = boost::program_options;

namespace {

void add_options(po::options_description& options) {
  auto add = options.add_options();
  add("tracker", po::value<std::vector<std::string>>()->value_name("HOST:PORT"),
      "whom to ask if no peer runs here; may be repeated");
  add_key_option(options);
}

std::string address_of(const rows::listed_peer& row) {
  const bool bare_ipv6 = row.address.find(':') != std::string::npos && !row.address.starts_with('[');
  const std::string host = bare_ipv6 ? "[" + row.address + "]" : row.address;
  return fmt::format("{}:{}{}", host, row.port, row.reachable ? "" : " (unreachable)");
}

result<void> run(const invocation& call) {
  note_unused_tracker(call);
  std::vector<std::string> away;
  const auto answer = call_for_listing(call, "peers", {}, away);
  if (!answer) return answer.error();
  for (const std::string& line : away) note(line);
  if (call.given.flag("json")) return print(json::serialize(*answer) + "\n");
  table listing({{"NAME"}, {"ADDRESS"}, {"VERSION"}});
  for (const auto& row : from_json<std::vector<rows::listed_peer>>(*answer)) {
    listing.add_row({row.name + (row.self ? " (this peer)" : ""), address_of(row), row.version});
  }
  if (listing.empty()) {
    note("no peers are known: is a tracker connected? See " + quoted_command("status"));
    return {};
  }
  return print(listing.render(is_terminal(STDOUT_FILENO) ? size_of_terminal(STDOUT_FILENO).columns : 0));
}

}  // namespace

command peers_command() {
  return {.name = "peers",
          .summary = "Lists the peers of the swarm.",
          .example = "--tracker 192.0.2.1:7000",
          .required = needs::peer_or_alone,
          .add_options = &add_options,
          .run = &run};
}

}  // namespace shoal
