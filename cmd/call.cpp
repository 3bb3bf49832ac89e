#include "cmd/call.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "cmd/interrupt.hpp"
#include "cmd/output.hpp"
#include "cmd/progress.hpp"
#include "cmd/remedy.hpp"
#include "cmd/text.hpp"
#include "control/described.hpp"
#include "control/rows.hpp"

namespace shoal {

namespace {

constexpr std::size_t shown_id_digits = 12;

// The local date and time, and how long ago that is.
std::string when(std::time_t then) {
  const std::int64_t ago = std::max<std::int64_t>(0, std::time(nullptr) - then);
  std::tm local{};
  ::localtime_r(&then, &local);
  return fmt::format("{:%Y-%m-%d %H:%M:%S} ({} ago)", local, human_duration(ago));
}

std::string away_note(const rows::away& row) {
  if (row.tracker.empty()) return text_with_remedy({errc::not_found, "note: " + row.reason, remedy::some_tracker});
  const std::string what =
      row.as_of == 0 ? "nothing is known from it" : "what is listed from it is of " + when(row.as_of);
  return fmt::format("note: tracker {} is away, {}: {}", row.tracker, what, row.reason);
}

}  // namespace

result<json::value> call_with_progress(const invocation& call, std::string_view method, json::object params,
                                       const std::string& name) {
  progress_display display(STDERR_FILENO);
  const auto show = [&display, &name](const json::object& notice) {
    display.update(0, "", view_of_notice(notice, name), clock::now());
  };
  return call.client->call(method, std::move(params), call.stop, show);
}

result<json::value> call_for_listing(const invocation& call, std::string_view method, json::object params,
                                     std::vector<std::string>& away) {
  const auto take = [&away](const json::object& notice) {
    const auto row = from_json<rows::away>(notice);
    if (row.what == "away") away.push_back(away_note(row));
  };
  return call.client->call(method, std::move(params), call.stop, take);
}

void note_unused_tracker(const invocation& call) {
  if (call.alone != nullptr || !call.given.typed("tracker")) return;
  note("note: a peer runs here and uses its own trackers; --tracker is not used");
}

json::object params_of_what(const invocation& call) {
  json::object params;
  params["what"] = call.given.texts("operands").front();
  return params;
}

std::string short_id(const std::string& id) {
  return id.substr(0, shown_id_digits);
}

}  // namespace shoal
