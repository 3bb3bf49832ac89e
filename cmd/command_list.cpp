#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
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
#include "cmd/trust_option.hpp"
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
  add_trust_option(options, "show as trusted only publishers");
}

constexpr std::size_t fingerprint_digits = 16;

// Who signed the share, in words that no publisher can choose for itself.
std::string publisher_of(const rows::listed_share& row) {
  if (row.signature == "wrong") return "WRONG SIGNATURE";
  if (row.signature != "right") return row.signature;
  const std::string known = row.signer_name.empty() ? row.fingerprint.substr(0, fingerprint_digits) : row.signer_name;
  return row.trusted.value_or(true) ? known : known + " (not trusted)";
}

// In a swarm where nobody signs and nobody is asked to, the column would say nothing.
bool tells_publishers(const std::vector<rows::listed_share>& shares) {
  return std::ranges::any_of(
      shares, [](const auto& row) { return row.trusted || (!row.id.empty() && row.signature != "unsigned"); });
}

result<void> run(const invocation& call) {
  json::object params;
  const auto operands = call.given.texts("operands");
  if (!operands.empty()) params["glob"] = operands.front();
  params["versions"] = call.given.flag("versions");
  const auto trust = trust_text_of(call.given);
  if (!trust) return trust.error();
  if (!trust->empty()) params["trust"] = *trust;
  note_unused_tracker(call);
  std::vector<std::string> away;
  const auto answer = call_for_listing(call, "list", std::move(params), away);
  if (!answer) return answer.error();
  for (const std::string& line : away) note(line);
  if (call.given.flag("json")) return print(json::serialize(*answer) + "\n");

  using enum table::align;
  const auto shares = from_json<std::vector<rows::listed_share>>(*answer);
  const bool publishers = tells_publishers(shares);
  std::vector<table::column> columns{{"NAME"},           {"SIZE", right},     {"FILES", right},
                                     {"SEEDERS", right}, {"LEECHERS", right}, {"AVAIL", right},
                                     {"PUBLISHED"}};
  if (publishers) columns.push_back({"PUBLISHER"});
  columns.push_back({"ID"});
  table listing(std::move(columns));
  for (const auto& row : shares) {
    std::vector<std::string> cells{row.name, human_bytes(row.bytes)};
    if (row.id.empty()) {
      // Some peer still hashes it: there is nothing to count yet, and no id.
      cells.resize(publishers ? 8 : 7);
      cells.push_back(row.reason.value_or(""));
    } else {
      for (const std::uint64_t count : {row.files, row.seeders, row.leechers}) cells.push_back(std::to_string(count));
      cells.push_back(fmt::format("{:.1f}", row.availability));
      cells.push_back(human_date(row.published));
      if (publishers) cells.push_back(publisher_of(row));
      cells.push_back(short_id(row.id));
    }
    listing.add_row(std::move(cells));
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
