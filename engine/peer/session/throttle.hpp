// Where coroutines that move payload in one direction wait until a limit lets them: policy/rate_limit with a line.
//
// A process has one for each direction. Each share has one that stands before that of the process. A user that both
// bind takes from the share's first. First come, first served, a few milliseconds' worth at a time, so all that wait
// have the same. Knows no connection: users ask before each attempt (net/stream), and give back what they did not move.
// Belongs to one io_context; only its thread touches it. Outlives those that wait.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <list>

#include "net/event.hpp"
#include "policy/rate_limit.hpp"

namespace shoal {

class throttle {
 public:
  /// One waiting user, at one throttle at a time.
  class turn {
   public:
    explicit turn(asio::any_io_executor executor) : called_(std::move(executor)) {}
    /// Ends the wait for good.
    void cancel() {
      cancelled_ = true;
      called_.set();
    }
    bool cancelled() const { return cancelled_; }
    /// It may be the user's turn now.
    void call() { called_.set(); }
    /// Returns when the user is called or cancelled, at `deadline` at the latest.
    awaitable<bool> wait_until(time_point deadline) { return called_.wait_until(deadline); }

   private:
    event called_;
    bool cancelled_ = false;
  };

  /// `whole`: the throttle of the process, if this one is of a share. It outlives this.
  explicit throttle(throttle* whole = nullptr) : whole_(whole) {}
  throttle(const throttle&) = delete;
  throttle& operator=(const throttle&) = delete;

  /// Bytes per second; 0: no limit of its own.
  std::uint64_t rate() const { return limit_.rate(); }
  /// Holds from now on, also for users that wait.
  void set_rate(std::uint64_t bytes_per_second);
  /// The lower of its own limit and the limit of the whole; 0: none.
  std::uint64_t lowest_rate() const;

  /// So many bytes, at most `wanted`, may be moved at once. 0: wait with take().
  std::uint64_t take_now(std::uint64_t wanted);
  /// Like take_now(), as soon as it is this user's turn. 0: the turn was cancelled.
  awaitable<std::uint64_t> take(turn& who, std::uint64_t wanted);
  /// So many of these bytes were not moved.
  void put_back(std::uint64_t bytes);
  /// So many bytes were moved before anybody could ask.
  void owe(std::uint64_t bytes);

 private:
  void call_first();

  rate_limit limit_;
  throttle* whole_;
  std::list<turn*> line_;
};

}  // namespace shoal
