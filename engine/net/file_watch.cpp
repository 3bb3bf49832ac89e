#include "net/file_watch.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <cstring>
#include <set>
#include <utility>

#include "core/error.hpp"
#include "core/time.hpp"
#include "net/offload.hpp"

namespace shoal {

namespace {

constexpr std::uint32_t changes = IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW;
// A program that writes a large file changes it thousands of times a second.
constexpr duration pause_between = std::chrono::milliseconds(100);

}  // namespace

file_watch::file_watch(asio::any_io_executor executor, asio::thread_pool& lookups,
                       std::function<void(const std::string& key)> on_change)
    : lookups_(lookups), descriptor_(executor), pause_(executor), on_change_(std::move(on_change)) {
  const int opened = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (opened >= 0) descriptor_.assign(opened);
}

awaitable<void> file_watch::add(std::string key, std::vector<std::string> paths) {
  remove(key);
  if (!descriptor_.is_open() || keys_.size() >= file_watches_max) co_return;
  const std::uint64_t mine = ++adds_;
  wanted_[key] = mine;
  paths.resize(std::min(paths.size(), file_watches_max - keys_.size()));
  auto look = [descriptor = descriptor_.native_handle(), paths = std::move(paths)]() -> result<std::vector<int>> {
    std::vector<int> made;
    for (const std::string& path : paths) {
      const int watch = inotify_add_watch(descriptor, path.c_str(), changes);
      if (watch >= 0) made.push_back(watch);
    }
    return made;
  };
  const auto made = co_await offload(lookups_, std::move(look));
  if (!made || !descriptor_.is_open()) co_return;
  if (const auto at = wanted_.find(key); at == wanted_.end() || at->second != mine) {
    // The watch was removed, or was asked for again, and the kernel gave it the same number.
    for (const int watch : *made) {
      if (at == wanted_.end() && !keys_.contains(watch)) inotify_rm_watch(descriptor_.native_handle(), watch);
    }
    co_return;
  }
  for (const int watch : *made) keys_.emplace(watch, key);
  watches_.emplace(std::move(key), *made);
}

void file_watch::remove(const std::string& key) {
  wanted_.erase(key);
  const auto at = watches_.find(key);
  if (at == watches_.end()) return;
  const std::vector<int> watches = std::move(at->second);
  watches_.erase(at);
  for (const int watch : watches) {
    forget(watch, key);
    if (!keys_.contains(watch) && descriptor_.is_open()) inotify_rm_watch(descriptor_.native_handle(), watch);
  }
}

void file_watch::forget(int watch, const std::string& key) {
  const auto [first, last] = keys_.equal_range(watch);
  const auto at = std::find_if(first, last, [&key](const auto& one) { return one.second == key; });
  if (at != last) keys_.erase(at);
}

void file_watch::handle(const char* events, std::size_t bytes) {
  std::set<std::string> changed;
  inotify_event event{};
  for (std::size_t at = 0; at + sizeof event <= bytes; at += sizeof event + event.len) {
    std::memcpy(&event, events + at, sizeof event);
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      for (const auto& [key, watches] : watches_) changed.insert(key);
    }
    const auto [first, last] = keys_.equal_range(event.wd);
    for (auto one = first; one != last; ++one) changed.insert(one->second);
    if ((event.mask & IN_IGNORED) != 0) keys_.erase(event.wd);
  }
  for (const std::string& key : changed) on_change_(key);
}

awaitable<void> file_watch::run() {
  alignas(inotify_event) std::array<char, 16 * 1024> events;
  while (descriptor_.is_open()) {
    const auto [ec, bytes] = co_await descriptor_.async_read_some(asio::buffer(events), use_tuple);
    if (ec) break;
    handle(events.data(), bytes);
    pause_.expires_after(pause_between);
    (void)co_await pause_.async_wait(use_tuple);
  }
}

void file_watch::stop() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  pause_.cancel();
}

}  // namespace shoal
