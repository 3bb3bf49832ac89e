#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

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
  auto add = options.add_options();
  add("symlinks", po::bool_switch(), "share symbolic links as links instead of leaving them out");
  add("follow", po::bool_switch(), "when it changes, share the new version without being asked");
  add("no-follow", po::bool_switch(), "end what --follow began");
}

std::string line_of(const json::object& row) {
  const std::string state = text_field(row, "state");
  const std::string verb = state == "new" ? "shared" : state == "changed" ? "changed, shared again" : "already shared";
  const std::uint64_t known = count_field(row, "files_known");
  const std::uint64_t hashed = count_field(row, "files_hashed");
  const std::string read = known > 0 ? fmt::format(" ({} hashed, {} known)", hashed, known) : "";
  return displayable(fmt::format("{} {}  {}  {}{}  {}", verb, text_field(row, "name"),
                                 human_bytes(count_field(row, "bytes")), human_count(count_field(row, "files"), "file"),
                                 read, short_id(text_field(row, "id")))) +
         "\n";
}

result<void> run(const invocation& call) {
  json::array paths;
  for (const std::string& operand : call.given.texts("operands")) {
    const std::string path = absolute_path(operand);
    struct stat found{};
    // Of several, the peer says which one fails, and shares the others.
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
  auto answer = call_with_progress(call, "add", std::move(params), "");
  if (!answer) return answer.error();
  if (call.given.flag("json")) return print(json::serialize(*answer) + "\n");
  for (const json::value& row : as_array(*answer)) {
    for (const json::value& remark : array_field(as_object(row), "notes")) {
      if (remark.is_string()) note("note: " + std::string(remark.get_string()));
    }
  }
  std::string text;
  std::vector<error> failures;
  for (const json::value& value : as_array(*answer)) {
    const json::object& row = as_object(value);
    if (text_field(row, "state") != "failed") {
      text += line_of(row);
    } else {
      failures.push_back({errc_of(text_field(row, "class")), text_field(row, "reason")});
    }
  }
  if (call.given.flag("json")) text = json::serialize(*answer) + "\n";
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
