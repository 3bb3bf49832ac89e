#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <boost/program_options/value_semantic.hpp>

#include "cmd/call.hpp"
#include "cmd/command.hpp"
#include "cmd/output.hpp"
#include "cmd/text.hpp"
#include "control/described.hpp"
#include "control/rows.hpp"
#include "store/secret_file.hpp"

namespace shoal {

namespace po = boost::program_options;

namespace {

void add_options(po::options_description& options) {
  auto add = options.add_options();
  add("dump", po::value<std::string>()->value_name("FILE"),
      "write what a maintainer needs to know of this peer to the new file FILE, as JSON without names");
  add("names", po::bool_switch(), "with --dump: the names of shares and files, too");
}

std::string line_of(const rows::why& row) {
  std::string line = row.name.empty() ? row.id : row.name;
  line += ": ";
  if (row.rate > 0) line += human_rate(row.rate);
  if (row.possible > 0) line += fmt::format(", {:.0f} % of {}", row.share * 100, human_rate(row.possible));
  if (row.rate > 0) line += "; ";
  return displayable(line + row.text) + "\n";
}

result<void> write_dump(const invocation& call, const std::string& path) {
  const auto answer = call.client->call("dump", {{"names", call.given.flag("names")}}, call.stop);
  if (!answer) return answer.error();
  // It holds addresses.
  if (const auto written = write_secret_file(path, json::serialize(*answer) + "\n"); !written) return written.error();
  note("the dump is in " + path);
  return {};
}

result<void> run(const invocation& call) {
  if (call.given.has("dump")) return write_dump(call, call.given.text("dump"));
  if (call.given.flag("names")) return error{errc::usage, "--names needs --dump FILE"};
  json::object params;
  if (!call.given.texts("operands").empty()) params = params_of_what(call);
  const auto answer = call.client->call("why", std::move(params), call.stop);
  if (!answer) return answer.error();
  if (call.given.flag("json")) return print(json::serialize(*answer) + "\n");
  std::string text;
  for (const auto& row : from_json<std::vector<rows::why>>(*answer)) text += line_of(row);
  if (text.empty()) {
    note("nothing is being downloaded");
    return {};
  }
  return print(text);
}

}  // namespace

command why_command() {
  return {.name = "why",
          .operands = "[WHAT]",
          .operands_max = 1,
          .summary = "Says what holds downloads up: a link, a limit, the disk, the processor, or who lacks what.",
          .example = "big.iso",
          .required = needs::peer,
          .add_options = &add_options,
          .run = &run};
}

}  // namespace shoal
