// A condition that one coroutine waits for. It remembers a set() for which nobody waits yet.
//
// Belongs to one io_context; only its thread touches it. It replaces Asio's channels: in this version, a buffered
// channel hangs for good after a cancelled receive. Wait for the event, then take from your own deque.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/time.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

class event {
 public:
  explicit event(asio::any_io_executor executor) : timer_(std::move(executor), never) {}

  /// Wakes the waiter, now or when the waiter comes.
  void set() {
    set_ = true;
    timer_.cancel();
  }
  /// At most one coroutine waits at a time.
  awaitable<void> wait() {
    while (!set_) (void)co_await timer_.async_wait(use_tuple);
    set_ = false;
  }
  /// Like wait(), but returns at `deadline` at the latest. True if the event was set.
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
