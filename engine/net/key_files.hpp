// The keys of this process's swarm, from their files. They are read anew when a file changes, so keys rotate without a
// stop.
//
// A file that cannot be read any more leaves the keys as they are, and is logged. Files are read on a thread of its
// own. Owned by a node, on its context: open(), then run() until stop(). Without files the swarm is open, and run()
// ends at once.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "net/event.hpp"
#include "net/swarm_keys.hpp"

namespace shoal {

class key_files {
 public:
  /// How often the files are looked at.
  static constexpr duration look_interval = std::chrono::seconds(1);

  /// `on_change`: other keys than before are accepted now. Called on the context.
  key_files(asio::any_io_executor executor, std::vector<std::string> paths, std::function<void()> on_change);

  /// Reads the keys. Errors name the file.
  result<void> open();
  awaitable<void> run();
  void stop();
  const swarm_keys& keys() const { return keys_; }
  /// As swarm_keys::show().
  void show(certificate shown) { keys_.show(std::move(shown)); }

 private:
  void on_read(result<std::vector<swarm_key>> read);

  const std::vector<std::string> paths_;
  std::function<void()> on_change_;
  swarm_keys keys_;
  event stop_asked_;
  std::string failure_;  ///< of the last look, which is logged once
  bool stopped_ = false;
  std::unique_ptr<asio::thread_pool> reader_;
};

}  // namespace shoal
