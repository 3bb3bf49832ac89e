// Content of other shares that became complete while a download runs, until the download looks through it.
//
// A look costs as much as the download is large, and thousands of small shares may become complete within a second. So
// one look goes through all that came since the last one, and looks take at most half of the time. Pure; owned by
// disk_reuse.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "peer/sources/local_source.hpp"

namespace shoal {

/// The least time between two looks of one download. What is found a moment later is fetched from others meanwhile.
inline constexpr duration arrivals_interval = std::chrono::milliseconds(100);

class content_arrivals {
 public:
  void add(const local_content& content) { waiting_.push_back(content); }
  /// All that came, for a look that begins now and ends with end_look(). Empty if nothing came, a look runs, or the
  /// last one was a moment ago.
  std::vector<local_content> begin_look(time_point now) {
    if (looking_ || waiting_.empty() || now < next_) return {};
    looking_ = true;
    begun_ = now;
    return std::exchange(waiting_, {});
  }
  void end_look(time_point now) {
    looking_ = false;
    next_ = now + std::max(now - begun_, arrivals_interval);
  }

 private:
  std::vector<local_content> waiting_;
  bool looking_ = false;
  time_point begun_{};
  time_point next_{};
};

}  // namespace shoal
