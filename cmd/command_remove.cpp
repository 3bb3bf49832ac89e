#include <boost/json/serialize.hpp>

#include "cmd/call.hpp"
#include "cmd/command.hpp"
#include "cmd/interrupt.hpp"
#include "cmd/output.hpp"
#include "cmd/text.hpp"
#include "control/described.hpp"
#include "control/rows.hpp"

namespace shoal {

namespace {

result<void> run(const invocation& call) {
  json::array removed;
  std::vector<error> failures;
  for (const std::string& what : call.given.texts("operands")) {
    json::object params;
    params["what"] = what;
    auto answer = call.client->call("remove", std::move(params), call.stop);
    // If one fails, the others are still removed.
    if (answer) {
      removed.push_back(std::move(*answer));
    } else {
      failures.push_back(std::move(answer).error());
    }
    if (call.stop.raised()) break;
  }
  std::string text;
  for (const auto& row : from_json<std::vector<rows::removal>>(json::value(removed))) {
    text += "removed " + displayable(row.name) + "\n";
  }
  if (call.given.flag("json")) {
    const bool only = call.given.texts("operands").size() == 1;
    text = only && removed.empty() ? "" : (only ? json::serialize(removed.front()) : json::serialize(removed)) + "\n";
  }
  if (const auto printed = print(text); !printed) return printed;
  if (failures.empty()) return {};
  for (std::size_t i = 0; i + 1 < failures.size(); ++i) print_error(failures[i]);
  return failures.back();
}

}  // namespace

command remove_command() {
  return {.name = "remove",
          .aliases = {"rm"},
          .operands = "WHAT…",
          .operands_min = 1,
          .operands_max = any_number,
          .summary = "Stops sharing or downloading. Complete files stay on disk. An unfinished download is deleted.",
          .example = "video.mkv old.iso",
          .required = needs::peer,
          .run = &run};
}

}  // namespace shoal
