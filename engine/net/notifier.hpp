// Tells all that wait for it that something changed, as std::condition_variable does between threads.
//
// For conditions that any number of coroutines wait for: each looks whether its own holds, and waits again if not. One
// that nobody awaits is not remembered. Belongs to one io_context and is touched only from its thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <list>

#include "net/event.hpp"

namespace shoal {

class notifier {
 public:
  explicit notifier(asio::any_io_executor executor) : executor_(std::move(executor)) {}
  notifier(const notifier&) = delete;
  notifier& operator=(const notifier&) = delete;

  /// Wakes all that wait now; they run later.
  void notify_all() {
    for (event& one : waiting_) one.set();
  }
  /// Returns after the next notify_all(), at `deadline` at the latest. The notifier outlives the wait.
  awaitable<void> wait_until(time_point deadline) {
    const auto mine = waiting_.emplace(waiting_.end(), executor_);
    (void)co_await mine->wait_until(deadline);
    waiting_.erase(mine);
  }

 private:
  asio::any_io_executor executor_;
  std::list<event> waiting_;
};

}  // namespace shoal
