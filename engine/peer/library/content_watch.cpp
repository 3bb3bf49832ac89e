#include "peer/library/content_watch.hpp"

#include <algorithm>

namespace shoal {

namespace {

constexpr duration change_pause_min = std::chrono::milliseconds(100);
constexpr int change_pause_factor = 10;

}  // namespace

content_watch::content_watch(library_context& context)
    : context_(context),
      changed_now_(context.peer.executor),
      watch_(context.peer.executor, context.looks, [this](const std::string& path) {
        changed_.insert(path);
        changed_now_.set();
      }) {}

void content_watch::stop() {
  watch_.stop();
  changed_now_.set();
}

void content_watch::add(const std::string& path, const metainfo& info) {
  // For one command it is not worth its end, which waits for the kernel.
  if (!context_.peer.remember_shares) return;
  std::set<std::string> folders{path};
  for (const file_entry& file : info.files()) {
    if (!info.is_folder() || folders.size() >= file_watches_max) break;
    for (auto end = file.path.find('/'); end != std::string::npos; end = file.path.find('/', end + 1)) {
      folders.insert(path + "/" + file.path.substr(0, end));
    }
  }
  context_.tasks.spawn("watch share", watch_.add(path, {folders.begin(), folders.end()}));
}

std::vector<std::string> content_watch::take_changed() {
  const time_point now = clock::now();
  std::erase_if(rests_, [now](const auto& one) { return one.second <= now; });
  std::vector<std::string> taken;
  for (const std::string& path : changed_) {
    if (!rests_.contains(path)) taken.push_back(path);
  }
  for (const std::string& path : taken) changed_.erase(path);
  return taken;
}

void content_watch::on_looked(const std::string& path, duration took) {
  rests_[path] = clock::now() + std::max<duration>(change_pause_min, change_pause_factor * took);
}

awaitable<void> content_watch::wait_until(time_point deadline) {
  for (const std::string& path : changed_) {
    if (const auto rest = rests_.find(path); rest != rests_.end()) deadline = std::min(deadline, rest->second);
  }
  (void)co_await changed_now_.wait_until(deadline);
}

}  // namespace shoal
