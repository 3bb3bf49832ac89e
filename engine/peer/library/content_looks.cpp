#include "peer/library/content_looks.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/library/look_rhythm.hpp"
#include "peer/library/same_as_shared.hpp"

namespace shoal {

namespace {

constexpr duration follow_interval = std::chrono::milliseconds(500);

// For how long something has not changed that changed at this time, in nanoseconds since the epoch.
duration quiet_for(std::int64_t changed_ns) {
  return std::chrono::system_clock::now().time_since_epoch() - std::chrono::nanoseconds(changed_ns);
}

}  // namespace

awaitable<void> content_looks::run() {
  look_rhythm hosted(clock::now());
  look_rhythm missing(clock::now());
  while (!context_.stopped()) {
    const std::vector<std::string> changed = watch_.take_changed();
    if (changed.empty()) {
      time_point wake = std::min(hosted.next(), missing.next());
      if (!followed_.unsettled().empty()) wake = std::min(wake, clock::now() + follow_interval);
      co_await watch_.wait_until(wake);
    }
    for (const std::string& path : changed) {
      const time_point began = clock::now();
      co_await look_at(path);
      watch_.on_looked(path, clock::now() - began);
    }
    if (const time_point begun = clock::now(); begun >= missing.next()) {
      co_await look_for_missing();
      missing.on_looked(begun, clock::now());
    }
    if (const time_point begun = clock::now(); begun >= hosted.next()) {
      co_await look_at_hosted();
      hosted.on_looked(begun, clock::now());
    } else {
      const std::vector<std::string> unsettled = followed_.unsettled();
      for (const std::string& path : unsettled) co_await follow(path);
    }
  }
}

awaitable<void> content_looks::look_for_missing() {
  std::vector<stored_share> rows;
  for (const auto& [path, one] : missing_.all()) rows.push_back(one.row);
  for (auto& row : rows) {
    if (!context_.stopped()) co_await returning_.look_for(std::move(row));
  }
}

awaitable<void> content_looks::look_at_hosted() {
  std::vector<std::shared_ptr<share>> complete;
  for (const auto& [id, one] : hosted_.all()) {
    if (one->content().complete() && !one->stopped()) complete.push_back(one);
  }
  for (const auto& one : complete) {
    if (!context_.stopped() && !one->stopped()) co_await doubt_.look_again(one);
  }
  const std::vector<std::string> followed = followed_.paths();
  for (const std::string& path : followed) co_await follow(path);
}

awaitable<void> content_looks::look_at(std::string path) {
  if (context_.stopped()) co_return;
  if (const auto one = hosted_.complete_at(path)) co_await doubt_.look_again(one);
  if (const missing_share* gone = missing_.at(path); gone != nullptr) {
    stored_share row = gone->row;
    co_await returning_.look_for(std::move(row));
  }
  co_await follow(path);
}

awaitable<void> content_looks::follow(std::string path, bool first) {
  const auto symlinks = followed_.next_look(path);
  if (context_.stopped() || !symlinks) co_return;
  const auto here = hosted_.complete_at(path);
  struct look_result {
    scan_result found;
    bool other_names = false;
  };
  auto look = [path, symlinks = *symlinks, state = context_.settings.state_path,
               shared = here ? here->content().info() : nullptr]() -> result<look_result> {
    auto found = scan(path, scan_options{symlinks, state});
    if (!found) return found.error();
    const bool other_names = shared && !same_as_shared(*found, *shared, false);
    return look_result{std::move(*found), other_names};
  };
  auto looked = co_await offload(context_.looks, std::move(look));
  if (context_.stopped() || !looked) co_return;
  scan_result& found = looked->found;
  followed_paths::look seen;
  seen.signatures = std::move(found.signatures);
  seen.other_names = looked->other_names && hosted_.complete_at(path) == here;
  // Nobody watched until now, but the kernel did.
  if (first) seen.unchanged_for = quiet_for(found.changed_ns);
  const missing_share* lost = missing_.at(path);
  seen.missing = lost != nullptr;
  seen.damaged = lost != nullptr && lost->why.code == errc::verification;
  if (followed_.on_look(path, std::move(seen), clock::now())) {
    context_.tasks.spawn("share anew", share_anew(path, *symlinks));
  }
}

awaitable<void> content_looks::share_anew(std::string path, bool symlinks) {
  // Somebody may remove it meanwhile.
  auto go_on = [this, path](std::uint64_t, std::uint64_t) { return !context_.stopped() && followed_.contains(path); };
  share_options wanted;
  wanted.symlinks = symlinks;
  auto mark = context_.discovery.announce_add(path);
  const auto added = co_await adder_.add(path, wanted, std::move(mark), std::move(go_on));
  if (!followed_.contains(path)) co_return;
  if (added) {
    followed_.on_added(path);
    if (added->state != "unchanged")
      log_info("new version is shared name=\"{}\" path=\"{}\"", (*added).what->name(), path);
    co_return;
  }
  followed_.on_failed(path, added.error());
  if (const missing_share* lost = missing_.at(path); lost != nullptr && lost->why.code == errc::conflict) {
    missing_.explain(path, added.error());
  }
  if (!context_.stopped()) {
    log_error("new version cannot be shared path=\"{}\" error=\"{}\"", path, added.error().text);
  }
}

}  // namespace shoal
