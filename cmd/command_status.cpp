#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "cmd/command.hpp"
#include "cmd/control_client.hpp"
#include "cmd/output.hpp"
#include "cmd/progress_line.hpp"
#include "cmd/text.hpp"

namespace shoal {

namespace {

std::string tracker_line(const json::object& tracker) {
  const std::string url = text_field(tracker, "url");
  if (flag_field(tracker, "connected")) return fmt::format("tracker    {}: connected", url);
  const std::string reason = text_field(tracker, "reason");
  return fmt::format("tracker    {}: not connected{}{}", url, reason.empty() ? "" : ": ", reason);
}

std::string text_of(const json::object& status) {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("peer       {} ({}), version {}, up {}", text_field(status, "name"),
                              text_field(status, "peer"), text_field(status, "version"),
                              human_duration(static_cast<std::int64_t>(number_field(status, "uptime")))));
  for (const json::value& listen : array_field(status, "listen")) {
    if (listen.is_string()) lines.push_back("listens    " + std::string(listen.get_string()));
  }
  lines.push_back("state      " + text_field(status, "state_directory"));
  lines.push_back("downloads  to " + text_field(status, "download_directory"));
  for (const json::value& tracker : array_field(status, "trackers")) {
    lines.push_back(tracker_line(as_object(tracker)));
  }
  lines.push_back(fmt::format("sessions   {}", count_field(status, "sessions")));
  lines.push_back(fmt::format("sent       {}, now {}", human_bytes(count_field(status, "bytes_uploaded")),
                              human_rate(number_field(status, "upload_rate"))));
  lines.push_back(fmt::format("received   {}, now {}", human_bytes(count_field(status, "bytes_downloaded")),
                              human_rate(number_field(status, "download_rate"))));
  for (const json::value& share : array_field(status, "shares")) {
    const json::object& row = as_object(share);
    const std::string line = fmt::format("share      {}  {}  {}", text_field(row, "name"),
                                         human_bytes(count_field(row, "bytes")), text_field(row, "path"));
    lines.push_back(flag_field(row, "there") ? line : line + "  not there: " + text_field(row, "reason"));
  }
  for (const json::value& hashing : array_field(status, "hashing")) {
    const json::object& row = as_object(hashing);
    lines.push_back(fmt::format("hashing    {}  {}", text_field(row, "name"),
                                human_fraction(count_field(row, "done"), count_field(row, "bytes"))));
  }
  for (const json::value& download : array_field(status, "downloads")) {
    lines.push_back("download   " + render_text(view_of_progress(as_object(download), "")));
  }
  std::string text;
  for (const std::string& line : lines) text += displayable(line) + "\n";
  return text;
}

result<void> run(const invocation& call) {
  const auto answer = call.client->call("status", {}, call.stop);
  if (!answer) return answer.error();
  if (call.given.flag("json")) return print(json::serialize(*answer) + "\n");
  return print(text_of(as_object(*answer)));
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
