// Tells that something about files changed, soon after the change (inotify(7)).
//
// It only says where to look, and may say nothing. The kernel bounds how much a user watches. Network file systems do
// not tell what other machines change. So it makes looking sooner, and does not replace it. On one executor. A thread
// of the pool looks up paths, because a disk may not answer. run() until stop().
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/use_tuple.hpp"

namespace shoal {

/// Files and folders that are watched. Further ones are not watched. Each takes about 1 KiB of the kernel's memory, and
/// the kernel lets a user watch 8,192 or more.
inline constexpr std::size_t file_watches_max = 4096;

class file_watch {
 public:
  /// `on_change` gets the key of what changed, at most ten times a second. Where the kernel has no inotify, it is never
  /// called. `lookups` outlives this.
  file_watch(asio::any_io_executor executor, asio::thread_pool& lookups,
             std::function<void(const std::string& key)> on_change);

  /// Watches the files or folders at `paths`: the entries of a folder, too, but not what is in those. Replaces what the
  /// key watched before.
  awaitable<void> add(std::string key, std::vector<std::string> paths);
  void remove(const std::string& key);

  awaitable<void> run();
  void stop();

 private:
  void handle(const char* events, std::size_t bytes);
  void forget(int watch, const std::string& key);

  asio::thread_pool& lookups_;
  asio::posix::stream_descriptor descriptor_;
  asio::steady_timer pause_;
  std::function<void(const std::string& key)> on_change_;
  std::unordered_multimap<int, std::string> keys_;             // by the kernel's number of a watch
  std::unordered_map<std::string, std::vector<int>> watches_;  // by key
  std::unordered_map<std::string, std::uint64_t> wanted_;      // by key: its last add(), which counts
  std::uint64_t adds_ = 0;
};

}  // namespace shoal
