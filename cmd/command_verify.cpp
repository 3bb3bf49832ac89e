#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <optional>

#include "cmd/call.hpp"
#include "cmd/command.hpp"
#include "cmd/interrupt.hpp"
#include "cmd/output.hpp"
#include "cmd/text.hpp"
#include "control/described.hpp"
#include "control/rows.hpp"

namespace shoal {

namespace po = boost::program_options;

namespace {

// Shorter beginnings of an id could mean a name.
constexpr std::size_t id_prefix_digits_min = 8;
constexpr std::string_view remedy_of_damage = ": download it again (--repair), or add it anew";
// As the peer says it, which does not know this command.
constexpr std::string_view remedy_of_peer = ": download it again, or add it anew";

void add_options(po::options_description& options) {
  auto add = options.add_options();
  add("repair", po::bool_switch(), "download again what is damaged");
}

// The peer has withdrawn what is damaged. It now fetches what is missing of it.
result<void> repair(const invocation& call, const std::string& id, const std::string& name) {
  const auto answer = call_with_progress(call, "download", {{"what", id}, {"wait", true}}, name);
  if (!answer) return answer.error();
  if (call.given.flag("json")) return {};
  return print(displayable("repaired: " + name) + "\n");
}

// The share that the word means, if its content is known to be gone or damaged already.
std::optional<rows::held_share> withdrawn_share(const invocation& call, const std::string& what) {
  const auto status = call.client->call("status", {}, call.stop);
  if (!status) return std::nullopt;
  for (auto& row : from_json<rows::status>(*status).shares) {
    const bool prefix = what.size() >= id_prefix_digits_min && row.id.starts_with(what);
    if (!row.there && (prefix || row.name == what)) return std::move(row);
  }
  return std::nullopt;
}

error with_remedy(error why) {
  if (why.text.ends_with(remedy_of_peer)) why.text.resize(why.text.size() - remedy_of_peer.size());
  why.text += remedy_of_damage;
  return why;
}

result<void> run(const invocation& call) {
  const auto answer = call_with_progress(call, "verify", params_of_what(call), call.given.texts("operands").front());
  if (!answer && !call.stop.raised()) {
    if (const auto row = withdrawn_share(call, call.given.texts("operands").front())) {
      if (!call.given.flag("repair")) return with_remedy({answer.error().code, answer.error().text});
      if (call.given.flag("json")) {
        if (const auto printed = print(json::serialize(to_json(*row)) + "\n"); !printed) return printed;
      }
      return repair(call, row->id, row->name);
    }
  }
  if (!answer) return answer.error();
  const auto row = from_json<rows::verified>(*answer);
  std::string text;
  if (call.given.flag("json")) {
    text = json::serialize(*answer) + "\n";
  } else if (row.bad.empty()) {
    text = fmt::format("{}: all {} right, {}\n", displayable(row.name), human_count(row.pieces, "piece"),
                       human_bytes(row.bytes));
  } else {
    for (const std::string& path : row.bad) text += "bad: " + displayable(path) + "\n";
  }
  const auto printed = print(text);
  if (!printed || row.bad.empty()) return printed;
  if (call.given.flag("repair")) return repair(call, row.id, row.name);
  return error{
      errc::verification,
      fmt::format("{}: {} not what was shared{}", row.name,
                  row.bad.size() == 1 ? "1 file is" : fmt::format("{} files are", row.bad.size()), remedy_of_damage)};
}

}  // namespace

command verify_command() {
  return {.name = "verify",
          .operands = "WHAT",
          .operands_min = 1,
          .operands_max = 1,
          .summary = "Reads a share again and checks every hash.",
          .example = "video.mkv",
          .required = needs::peer,
          .add_options = &add_options,
          .run = &run};
}

}  // namespace shoal
