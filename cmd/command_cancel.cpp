#include <vector>

#include "cmd/command.hpp"
#include "cmd/control_client.hpp"
#include "cmd/output.hpp"
#include "cmd/text.hpp"

namespace shoal {

namespace {

// Shorter beginnings of an id could mean a name.
constexpr std::size_t id_prefix_digits_min = 8;

bool means(const std::string& what, const json::object& row) {
  const bool prefix = what.size() >= id_prefix_digits_min && text_field(row, "id").starts_with(what);
  return prefix || text_field(row, "name") == what;
}

result<void> run(const invocation& call) {
  const std::string what = call.given.texts("operands").front();
  const auto status = call.client->call("status", {}, call.stop);
  if (!status) return status.error();
  std::vector<json::object> meant;
  for (const json::value& value : array_field(as_object(*status), "downloads")) {
    if (means(what, as_object(value))) meant.push_back(as_object(value));
  }
  if (meant.empty()) return error{errc::not_found, "nothing called '" + what + "' is being downloaded: see 'status'"};
  if (meant.size() > 1) {
    return error{errc::ambiguous, "'" + what + "' means several downloads: give more digits of the id"};
  }
  json::object params;
  params["id"] = text_field(meant.front(), "id");
  const auto answer = call.client->call("cancel", std::move(params), call.stop);
  if (!answer) return answer.error();
  return print("cancelled " + displayable(text_field(meant.front(), "name")) + ", what it has is kept\n");
}

}  // namespace

command cancel_command() {
  return {.name = "cancel",
          .operands = "WHAT",
          .operands_min = 1,
          .operands_max = 1,
          .summary = "Stops a download and keeps what it has. The same download later goes on from there.",
          .example = "node cancel big.iso",
          .required = needs::peer,
          .run = &run};
}

}  // namespace shoal
