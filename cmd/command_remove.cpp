#include <boost/json/serialize.hpp>
#include <boost/program_options/value_semantic.hpp>

#include "cmd/call.hpp"
#include "cmd/command.hpp"
#include "cmd/output.hpp"
#include "cmd/text.hpp"

namespace shoal {

namespace po = boost::program_options;

namespace {

void add_options(po::options_description& options) {
  options.add_options()("json", po::bool_switch(), "print the answer as JSON");
}

result<void> run(const invocation& call) {
  const auto answer = call.client->call("remove", params_of_what(call), call.stop);
  if (!answer) return answer.error();
  if (call.given.flag("json")) return print(json::serialize(*answer) + "\n");
  return print("removed " + displayable(text_field(as_object(*answer), "name")) + "\n");
}

}  // namespace

command remove_command() {
  return {.name = "remove",
          .aliases = {"rm"},
          .operands = "WHAT",
          .operands_min = 1,
          .operands_max = 1,
          .summary = "Stops sharing or downloading. Complete files stay on disk, an unfinished download is deleted.",
          .example = "node remove video.mkv",
          .required = needs::peer,
          .add_options = &add_options,
          .run = &run};
}

}  // namespace shoal
