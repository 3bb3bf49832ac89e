// Tells all waiting coroutines that something changed, as std::condition_variable does between threads.
//
// For conditions that any number of coroutines wait for. Each one checks its own condition, and waits again if it does
// not hold. A notification that nobody waits for is not remembered. Belongs to one io_context; only its thread touches
// it.
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

  /// Wakes all coroutines that wait now. They run later.
  void notify_all() {
    for (event& one : waiting_) one.set();
  }
  /// Returns after the next notify_all(), or at `deadline`. The notifier outlives the wait.
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
