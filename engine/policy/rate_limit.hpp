// How many bytes may pass now, so that no more than a rate passes in the long run. A token bucket (RFC 2697 has one).
//
// Pure, no clock. One limits a direction of the process or of a share. A user that several limits bind takes from each,
// and puts back what it does not use. Its owner sets it. peer/session/throttle lets coroutines wait for it.
#pragma once

#include <cstdint>

#include "core/time.hpp"

namespace shoal {

/// What may pass at once after a pause, as time at the rate. Short enough that the rate over two seconds is right. Long
/// enough for the network thread to be late.
inline constexpr duration limit_burst = std::chrono::milliseconds(50);
/// A waiting user gets as much as passes in this time at the rate. Smaller pieces cost system calls.
inline constexpr duration limit_grain = std::chrono::milliseconds(5);

class rate_limit {
 public:
  /// Bytes per second; 0: no limit.
  explicit rate_limit(std::uint64_t bytes_per_second = 0) : rate_(bytes_per_second) {}

  std::uint64_t rate() const { return rate_; }
  bool limited() const { return rate_ != 0; }
  /// Sets the rate. What was saved up at the old rate is not given at the new one.
  void set(std::uint64_t bytes_per_second, time_point now);

  /// So many bytes, at most `wanted`, may pass now; 0: see ready_at().
  std::uint64_t take(std::uint64_t wanted, time_point now);
  /// So many of these bytes did not pass after all. No more is saved than after a pause.
  void put_back(std::uint64_t bytes);
  /// So many bytes passed without take(). The next user waits until they would have been due.
  void owe(std::uint64_t bytes, time_point now);
  /// When some of `wanted` bytes may pass. `now` or earlier: at once.
  time_point ready_at(std::uint64_t wanted, time_point now) const;

 private:
  double saved_max() const;
  double saved_at(time_point now) const;
  /// The least that take() gives of `wanted`.
  double grain(std::uint64_t wanted) const;

  std::uint64_t rate_;
  double saved_ = 0;  ///< bytes, at counted_; less than 0: owed
  time_point counted_{};
};

}  // namespace shoal
