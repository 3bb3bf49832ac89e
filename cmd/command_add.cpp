#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/program_options/value_semantic.hpp>

#include "cmd/call.hpp"
#include "cmd/command.hpp"
#include "cmd/limit_options.hpp"
#include "cmd/output.hpp"
#include "cmd/remedy.hpp"
#include "cmd/text.hpp"
#include "control/described.hpp"
#include "control/rows.hpp"

namespace shoal {

namespace po = boost::program_options;

namespace {

void add_options(po::options_description& options) {
  auto add = options.add_options();
  add("symlinks", po::bool_switch(), "share symbolic links as links instead of leaving them out");
  add("follow", po::bool_switch(), "share each new version by itself when the files change");
  add("no-follow", po::bool_switch(), "stop following");
  add("sign", po::value<std::string>()->value_name("KEYFILE"),
      "sign it and its new versions with this key of keygen --publisher, which the peer reads");
  add_limit_options(options, " each of these shares");
}

std::string line_of(const rows::added& row) {
  const std::string verb = row.state == "new"       ? "shared"
                           : row.state == "changed" ? "changed, shared again"
                                                    : "already shared";
  const std::string read =
      row.files_known > 0 ? fmt::format(" ({} hashed, {} known)", row.files_hashed, row.files_known) : "";
  return displayable(fmt::format("{} {}  {}  {}{}  {}", verb, row.name, human_bytes(row.bytes),
                                 human_count(row.files, "file"), read, short_id(row.id))) +
         "\n";
}

result<void> run(const invocation& call) {
  json::array paths;
  for (const std::string& operand : call.given.texts("operands")) {
    const std::string path = absolute_path(operand);
    struct stat found{};
    // If one of several fails, the peer says so, and shares the others.
    const bool only = call.given.texts("operands").size() == 1;
    if (operand.empty() || (only && ::lstat(path.c_str(), &found) != 0)) {
      return system_error("cannot share '" + operand + "'", operand.empty() ? ENOENT : errno);
    }
    paths.emplace_back(path);
  }
  json::object params;
  params["paths"] = std::move(paths);
  params["symlinks"] = call.given.flag("symlinks");
  if (call.given.flag("follow") && call.given.flag("no-follow")) {
    return error{errc::usage, "--follow and --no-follow contradict each other: give one of them"};
  }
  if (call.given.flag("follow") || call.given.flag("no-follow")) params["follow"] = call.given.flag("follow");
  if (call.given.has("sign")) params["sign"] = absolute_path(call.given.text("sign"));
  put_share_limits(params, call.given);
  const auto answer = call_with_progress(call, "add", std::move(params), "");
  if (!answer) return answer.error();
  const bool as_json = call.given.flag("json");
  std::string text;
  std::vector<error> failures;
  for (const auto& row : from_json<std::vector<rows::added>>(*answer)) {
    for (const std::string& remark : row.notes) {
      if (!as_json) note("note: " + remark);
    }
    if (row.state != "failed") {
      text += line_of(row);
    } else {
      failures.push_back(error_of_row(row.class_, row.reason.value_or(""), row.remedy));
    }
  }
  if (as_json) text = json::serialize(*answer) + "\n";
  if (const auto printed = print(text); !printed) return printed;
  if (failures.empty()) return {};
  for (std::size_t i = 0; i + 1 < failures.size(); ++i) print_error(failures[i]);
  return failures.back();
}

}  // namespace

command add_command() {
  return {.name = "add",
          .aliases = {"share"},
          .operands = "PATH…",
          .operands_min = 1,
          .operands_max = any_number,
          .summary = "Shares files and folders with the swarm.",
          .example = "video.mkv /data/models",
          .required = needs::peer,
          .add_options = &add_options,
          .run = &run};
}

}  // namespace shoal
