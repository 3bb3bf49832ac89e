// How often something on the disk is looked at that takes a while to look at. Pure; part of content_looks.
//
// What is missing has a rhythm of its own: it is there again, whoever else takes long.
#pragma once

#include <algorithm>

#include "core/time.hpp"

namespace shoal {

/// Content is looked at this often, or as seldom as keeps the looking under a hundredth of the time.
inline constexpr duration look_interval_min = std::chrono::seconds(5);
inline constexpr int look_pause_factor = 100;

class look_rhythm {
 public:
  explicit look_rhythm(time_point now) : next_(now + look_interval_min) {}

  time_point next() const { return next_; }
  void on_looked(time_point begun, time_point ended) {
    next_ = ended + std::max<duration>(look_interval_min, look_pause_factor * (ended - begun));
  }

 private:
  time_point next_;
};

}  // namespace shoal
