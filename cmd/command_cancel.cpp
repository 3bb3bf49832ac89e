#include <boost/json/serialize.hpp>

#include "cmd/call.hpp"
#include "cmd/command.hpp"
#include "cmd/output.hpp"
#include "cmd/text.hpp"
#include "control/described.hpp"
#include "control/rows.hpp"

namespace shoal {

namespace {

result<void> run(const invocation& call) {
  const auto answer = call.client->call("cancel", params_of_what(call), call.stop);
  if (!answer) return answer.error();
  if (call.given.flag("json")) return print(json::serialize(*answer) + "\n");
  return print("cancelled " + displayable(from_json<rows::cancellation>(*answer).name) + ", what it has is kept\n");
}

}  // namespace

command cancel_command() {
  return {.name = "cancel",
          .operands = "WHAT",
          .operands_min = 1,
          .operands_max = 1,
          .summary = "Stops a download and keeps what it has. The same download later goes on from there.",
          .example = "big.iso",
          .required = needs::peer,
          .run = &run};
}

}  // namespace shoal
