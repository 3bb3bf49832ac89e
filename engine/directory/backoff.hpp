// Delays between attempts to connect: exponential with jitter. So not all peers connect to a restarted tracker at once.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

#include "core/time.hpp"

namespace shoal {

class backoff {
 public:
  /// Upper end of the first delay, and of all delays. When a tracker is back, all peers shall be back within ten
  /// seconds.
  static constexpr duration first = std::chrono::milliseconds(250);
  static constexpr duration longest = std::chrono::seconds(7);

  explicit backoff(std::uint64_t seed) : random_(seed) {}

  /// The delay before the next attempt. The first is anything up to `first`. Later ones are between half of the upper
  /// end and all of it. The upper end doubles each time, up to `longest`.
  duration next_delay() {
    const duration low = upper_ == first ? duration::zero() : upper_ / 2;
    const duration delay{std::uniform_int_distribution<duration::rep>(low.count(), upper_.count())(random_)};
    upper_ = std::min(upper_ * 2, longest);
    return delay;
  }
  /// The other side works again.
  void reset() { upper_ = first; }

 private:
  duration upper_ = first;
  std::mt19937_64 random_;
};

}  // namespace shoal
