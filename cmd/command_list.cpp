#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/program_options/value_semantic.hpp>

#include "cmd/call.hpp"
#include "cmd/command.hpp"
#include "cmd/output.hpp"
#include "cmd/peer_settings.hpp"
#include "cmd/program_name.hpp"
#include "cmd/table.hpp"
#include "cmd/terminal.hpp"
#include "cmd/text.hpp"
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
  add("versions", po::bool_switch(), "list older versions, too, which are downloaded by their id");
}

result<void> run(const invocation& call) {
  json::object params;
  const auto operands = call.given.texts("operands");
  if (!operands.empty()) params["glob"] = operands.front();
  params["versions"] = call.given.flag("versions");
  note_unused_tracker(call);
  std::vector<std::string> away;
  const auto answer = call_for_listing(call, "list", std::move(params), away);
  if (!answer) return answer.error();
  for (const std::string& line : away) note(line);
  if (call.given.flag("json")) return print(json::serialize(*answer) + "\n");

  using enum table::align;
  table listing({{"NAME"},
                 {"SIZE", right},
                 {"FILES", right},
                 {"SEEDERS", right},
                 {"LEECHERS", right},
                 {"AVAIL", right},
                 {"PUBLISHED"},
                 {"ID"}});
  for (const auto& row : from_json<std::vector<rows::listed_share>>(*answer)) {
    if (row.id.empty()) {
      // Some peer still hashes it: there is nothing to count yet, and no id.
      listing.add_row({row.name, human_bytes(row.bytes), "", "", "", "", "", row.reason.value_or("")});
      continue;
    }
    listing.add_row({row.name, human_bytes(row.bytes), std::to_string(row.files), std::to_string(row.seeders),
                     std::to_string(row.leechers), fmt::format("{:.1f}", row.availability), human_date(row.published),
                     short_id(row.id)});
  }
  if (listing.empty()) {
    note(operands.empty() ? "nothing is shared yet: share with " + quoted_command("add PATH")
                          : "no share matches '" + operands.front() + "'");
    return {};
  }
  return print(listing.render(is_terminal(STDOUT_FILENO) ? size_of_terminal(STDOUT_FILENO).columns : 0));
}

}  // namespace

command list_command() {
  return {.name = "list",
          .aliases = {"get", "ls"},
          .operands = "[GLOB]",
          .operands_max = 1,
          .summary = "Lists what the swarm has: size, files, complete and partial holders, copies.",
          .example = "'*.iso'",
          .required = needs::peer_or_alone,
          .add_options = &add_options,
          .run = &run};
}

}  // namespace shoal
