// How long somebody who sent wrong data is not asked again: longer each time.
//
// A disk fails, a cable corrupts, a peer restarts with another copy. So no ban is for ever. Pure value.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/time.hpp"

namespace shoal {

inline constexpr duration ban_min = std::chrono::minutes(10);
inline constexpr duration ban_max = std::chrono::hours(24);

struct ban {
  time_point until{};
  std::uint32_t times = 0;

  bool in_force(time_point now) const { return now < until; }
  /// They lied again. What they did before they could know of a ban counts once.
  void on_lie(time_point now) {
    if (in_force(now)) return;
    until = now + std::min<duration>(ban_min * (1U << std::min(times, 10U)), ban_max);
    ++times;
  }
};

}  // namespace shoal
