#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "cmd/command.hpp"
#include "cmd/control_client.hpp"
#include "cmd/limit_options.hpp"
#include "cmd/output.hpp"
#include "cmd/progress_line.hpp"
#include "cmd/text.hpp"
#include "control/described.hpp"
#include "control/rows.hpp"

namespace shoal {

namespace {

std::string tracker_line(const rows::tracker& row) {
  if (row.connected) return fmt::format("tracker    {}: connected", row.url);
  return fmt::format("tracker    {}: not connected{}{}", row.url, row.reason.empty() ? "" : ": ", row.reason);
}

template <class Row>
std::string limits_of(const Row& row) {
  const std::string text = limits_text({row.up_limit.value_or(0), row.down_limit.value_or(0)});
  return text.empty() ? "" : "  " + text;
}

std::string share_line(const rows::held_share& row) {
  const std::string line =
      fmt::format("share      {}  {}  {}{}", row.name, human_bytes(row.bytes), row.path, limits_of(row));
  return row.there ? line : line + "  not there: " + row.reason.value_or("");
}

std::string text_of(const rows::status& status) {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("peer       {} ({}), version {}, up {}", status.name, status.peer, status.version,
                              human_duration(static_cast<std::int64_t>(status.uptime))));
  for (const auto& endpoint : status.listen) lines.push_back("listens    " + endpoint);
  if (!status.certificate.empty()) lines.push_back("https      certificate SHA-256 " + status.certificate);
  lines.push_back("state      " + status.state_directory);
  lines.push_back("downloads  to " + status.download_directory);
  for (const auto& tracker : status.trackers) lines.push_back(tracker_line(tracker));
  if (status.trackers.empty()) lines.emplace_back("tracker    none: start the peer with --tracker HOST:PORT");
  lines.push_back(fmt::format("sessions   {}", status.sessions));
  lines.push_back(
      fmt::format("sent       {}, now {}", human_bytes(status.bytes_uploaded), human_rate(status.upload_rate)));
  lines.push_back(
      fmt::format("received   {}, now {}", human_bytes(status.bytes_downloaded), human_rate(status.download_rate)));
  const std::string limits = limits_text({status.up_limit, status.down_limit});
  if (!limits.empty()) lines.push_back("limits     " + limits);
  for (const auto& share : status.shares) lines.push_back(share_line(share));
  for (const auto& row : status.hashing) {
    lines.push_back(fmt::format("hashing    {}  {}", row.name, human_fraction(row.done, row.bytes)));
  }
  for (const auto& row : status.downloads) {
    lines.push_back("download   " + render_text(view_of(row, "")) + reused_text(row) + limits_of(row));
  }
  std::string text;
  for (const std::string& line : lines) text += displayable(line) + "\n";
  return text;
}

result<void> run(const invocation& call) {
  const auto answer = call.client->call("status", {}, call.stop);
  if (!answer) return answer.error();
  if (call.given.flag("json")) return print(json::serialize(*answer) + "\n");
  return print(text_of(from_json<rows::status>(*answer)));
}

}  // namespace

command status_command() {
  return {.name = "status",
          .summary = "Shows the running peer: trackers, shares, downloads, rates.",
          .example = "--json",
          .required = needs::peer,
          .run = &run};
}

}  // namespace shoal
