#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/program_options/value_semantic.hpp>

#include "cmd/call.hpp"
#include "cmd/command.hpp"
#include "cmd/limit_options.hpp"
#include "cmd/output.hpp"
#include "cmd/table.hpp"
#include "cmd/terminal.hpp"
#include "control/described.hpp"
#include "control/rows.hpp"

namespace shoal {

namespace po = boost::program_options;

namespace {

void add_options(po::options_description& options) {
  auto add = options.add_options();
  add("up", po::value<std::string>()->value_name("RATE"),
      "send at no more than RATE: 10M (10 MB/s), 500K or 80Mbit; 0: no limit");
  add("down", po::value<std::string>()->value_name("RATE"), "receive at no more than RATE");
}

result<void> run(const invocation& call) {
  json::object params;
  if (!call.given.texts("operands").empty()) params = params_of_what(call);
  for (const char* direction : {"up", "down"}) {
    if (call.given.has(direction)) params[direction] = call.given.text(direction);
  }
  const bool of_peer = !params.contains("what");
  const auto answer = call.client->call("limit", std::move(params), call.stop);
  if (!answer) return answer.error();
  if (call.given.flag("json")) return print(json::serialize(*answer) + "\n");
  table listing({{"LIMITS OF"}, {"RATES"}});
  const auto row = from_json<rows::limits>(*answer);
  if (of_peer) listing.add_row({"(this peer)", both_limits_text({row.up, row.down})});
  for (const auto& share : row.shares) listing.add_row({share.name, both_limits_text({share.up, share.down})});
  return print(listing.render(is_terminal(STDOUT_FILENO) ? size_of_terminal(STDOUT_FILENO).columns : 0));
}

}  // namespace

command limit_command() {
  return {.name = "limit",
          .aliases = {"limits"},
          .operands = "[WHAT]",
          .operands_max = 1,
          .summary = "Shows and sets how fast the running peer sends and receives, as a whole or for one share.",
          .example = "big.iso --up 10M",
          .required = needs::peer,
          .add_options = &add_options,
          .run = &run};
}

}  // namespace shoal
