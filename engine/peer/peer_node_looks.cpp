// Looking at the content of shares, from time to time and when it changed, and sharing new versions of what is
// followed.

#include <algorithm>
#include <set>
#include <utility>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/peer_node.hpp"
#include "store/directory_scan.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

// Content is looked at this often, or as seldom as keeps the looking under a hundredth of the time.
constexpr duration look_interval_min = std::chrono::seconds(5);
constexpr int look_pause_factor = 100;
// What changes all the time is looked at in a tenth of it.
constexpr duration change_pause_min = std::chrono::milliseconds(100);
constexpr int change_pause_factor = 10;
// A new version is shared when nothing changed it for so long.
constexpr duration follow_quiet = std::chrono::seconds(2);
constexpr duration follow_interval = std::chrono::milliseconds(500);

// For how long something has not changed that changed at this time, in nanoseconds since the epoch.
duration quiet_for(std::int64_t changed_ns) {
  return std::chrono::system_clock::now().time_since_epoch() - std::chrono::nanoseconds(changed_ns);
}

}  // namespace

awaitable<void> peer_node::look_at_content() {
  time_point next_look = clock::now() + look_interval_min;
  while (!stopped_) {
    const bool unsettled =
        std::ranges::any_of(followed_, [](const auto& one) { return !one.second.seen.empty() && !one.second.adding; });
    const std::vector<std::string> changed = take_changed();
    if (changed.empty()) {
      time_point wake = unsettled ? std::min(next_look, clock::now() + follow_interval) : next_look;
      for (const std::string& path : changed_) wake = std::min(wake, rests_.at(path));
      look_timer_.expires_at(wake);
      (void)co_await look_timer_.async_wait(use_tuple);
    }
    for (const std::string& path : changed) {
      const time_point began = clock::now();
      if (!stopped_) co_await look_at(path);
      rests_[path] = clock::now() + std::max<duration>(change_pause_min, change_pause_factor * (clock::now() - began));
    }
    const time_point begun = clock::now();
    if (begun >= next_look) {
      co_await look_at_all();
      next_look = clock::now() + std::max<duration>(look_interval_min, look_pause_factor * (clock::now() - begun));
    } else if (unsettled) {
      std::vector<std::string> paths;
      for (const auto& [path, one] : followed_) {
        if (!one.seen.empty()) paths.push_back(path);
      }
      for (const std::string& path : paths) co_await follow(path);
    }
  }
}

std::vector<std::string> peer_node::take_changed() {
  const time_point now = clock::now();
  std::erase_if(rests_, [now](const auto& one) { return one.second <= now; });
  std::vector<std::string> taken;
  for (const std::string& path : changed_) {
    if (!rests_.contains(path)) taken.push_back(path);
  }
  for (const std::string& path : taken) changed_.erase(path);
  return taken;
}

awaitable<void> peer_node::look_at_all() {
  std::vector<std::shared_ptr<share>> complete;
  for (const auto& [id, one] : shares_) {
    if (one->complete() && !one->stopped()) complete.push_back(one);
  }
  for (const auto& one : complete) {
    if (!stopped_ && !one->stopped()) co_await look_again(one);
  }
  std::vector<stored_share> rows;
  for (const auto& [path, one] : missing_) rows.push_back(one.row);
  for (auto& row : rows) {
    if (!stopped_) co_await look_for(std::move(row));
  }
  std::vector<std::string> paths;
  for (const auto& [path, one] : followed_) paths.push_back(path);
  for (const std::string& path : paths) co_await follow(path);
}

awaitable<void> peer_node::look_at(std::string path) {
  if (const auto one = complete_at(path)) co_await look_again(one);
  if (const auto at = missing_.find(path); at != missing_.end()) co_await look_for(at->second.row);
  co_await follow(path);
}

void peer_node::watch_content(const share& which) {
  // For one command it is not worth its end, which waits for the kernel.
  if (!options_.remember) return;
  const std::string path = which.files()->path();
  std::set<std::string> folders{path};
  for (const file_entry& file : which.info()->files()) {
    if (!which.info()->is_folder() || folders.size() >= file_watches_max) break;
    for (auto end = file.path.find('/'); end != std::string::npos; end = file.path.find('/', end + 1)) {
      folders.insert(path + "/" + file.path.substr(0, end));
    }
  }
  tasks_.spawn("watch share", watch_.add(path, {folders.begin(), folders.end()}));
}

void peer_node::on_shared(const stored_share& row) {
  if (!row.follow) {
    followed_.erase(row.path);
    return;
  }
  followed_path& one = followed_[row.path];
  one.symlinks = row.symlinks;
  one.shared = row.signatures;
  one.seen.clear();
  one.failed.reset();
}

awaitable<void> peer_node::follow(std::string path, bool first) {
  const auto known = followed_.find(path);
  if (stopped_ || known == followed_.end() || known->second.adding) co_return;
  auto look = [this, path, symlinks = known->second.symlinks] {
    return scan(path, scan_options{symlinks, state_path()});
  };
  auto found = co_await offload(looks_, std::move(look));
  const auto at = followed_.find(path);
  if (stopped_ || !found || at == followed_.end() || at->second.adding) co_return;
  followed_path& one = at->second;
  const auto lost = missing_.find(path);
  // What rotted looks as it did: it is no new version.
  const bool damaged = lost != missing_.end() && lost->second.why.code == errc::verification;
  if (damaged && one.shared.empty()) one.shared = found->signatures;
  if (found->signatures == one.shared && (damaged || lost == missing_.end())) {
    one.seen.clear();
    co_return;
  }
  if (found->signatures != one.seen) {
    one.seen = std::move(found->signatures);
    one.seen_at = clock::now();
    // Nobody watched until now, but the kernel did.
    if (first && quiet_for(found->changed_ns) >= follow_quiet) one.seen_at -= follow_quiet;
  }
  if (!one.seen.empty() && clock::now() - one.seen_at >= follow_quiet) {
    one.adding = true;
    tasks_.spawn("share anew", share_anew(std::move(path)));
  }
}

awaitable<void> peer_node::share_anew(std::string path) {
  // Somebody may remove it meanwhile.
  auto go_on = [this, path](std::uint64_t, std::uint64_t) { return !stopped_ && followed_.contains(path); };
  share_options wanted;
  const auto known = followed_.find(path);
  if (known == followed_.end()) co_return;
  wanted.symlinks = known->second.symlinks;
  auto mark = discovery_->announce_add(path);
  const auto added = co_await add(path, wanted, std::move(mark), std::move(go_on));
  const auto at = followed_.find(path);
  if (at == followed_.end()) co_return;
  at->second.adding = false;
  if (added) {
    if (added->state != "unchanged")
      log_info("new version is shared name=\"{}\" path=\"{}\"", (*added).what->name(), path);
    co_return;
  }
  // Not tried again before it changes again.
  at->second.shared = std::exchange(at->second.seen, {});
  at->second.failed = added.error();
  if (const auto lost = missing_.find(path); lost != missing_.end() && lost->second.why.code == errc::conflict) {
    lost->second.why = added.error();
  }
  if (!stopped_) log_error("new version cannot be shared path=\"{}\" error=\"{}\"", path, added.error().text);
}

}  // namespace shoal
