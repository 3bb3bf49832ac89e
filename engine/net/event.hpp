// A condition that one coroutine waits for; a set() that nobody awaits yet is remembered.
//
// Belongs to one io_context and is touched only from its thread. Stands in for Asio's channels, whose buffered form
// hangs for good after a cancelled receive in this version: wait for the event, then take from your own deque.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/time.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

class event {
 public:
  explicit event(asio::any_io_executor executor) : timer_(std::move(executor), never) {}

  /// Wakes the waiter, now or when it comes.
  void set() {
    set_ = true;
    timer_.cancel();
  }
  /// At most one coroutine at a time.
  awaitable<void> wait() {
    while (!set_) (void)co_await timer_.async_wait(use_tuple);
    set_ = false;
  }
  /// As wait(), but returns at `deadline` at the latest; true if the event was set.
  awaitable<bool> wait_until(time_point deadline) {
    timer_.expires_at(deadline);
    while (!set_ && clock::now() < deadline) (void)co_await timer_.async_wait(use_tuple);
    timer_.expires_at(never);
    const bool was_set = set_;
    set_ = false;
    co_return was_set;
  }

 private:
  asio::steady_timer timer_;
  bool set_ = false;
};

}  // namespace shoal
