// How much payload goes over a session in one direction: in all, and in the last second.
//
// Time in which nothing goes counts, so the rate of a session that rests falls to zero within two seconds. (rate_meter
// measures something else: how fast a source is while it owes something.) A call costs an addition and a comparison.
// Pure; part of session.
#pragma once

#include <cstdint>

#include "core/time.hpp"

namespace shoal {

class flow_meter {
 public:
  /// Bytes are counted in stretches of this length.
  static constexpr duration stretch = std::chrono::seconds(1);

  void on_bytes(std::uint64_t bytes, time_point now) {
    if (now - begun_ >= stretch) begin_stretch(now);
    here_ += bytes;
    total_ += bytes;
  }

  /// Since the session began.
  std::uint64_t total() const { return total_; }
  /// Bytes a second: of the present stretch, and of the end of the one before, which make a stretch together.
  double rate(time_point now) const {
    flow_meter then = *this;
    if (now - then.begun_ >= stretch) then.begin_stretch(now);
    const double gone = seconds(now - then.begun_) / seconds(stretch);
    return (static_cast<double>(then.here_) + static_cast<double>(then.before_) * (1 - gone)) / seconds(stretch);
  }

 private:
  static double seconds(duration time) { return std::chrono::duration<double>(time).count(); }
  void begin_stretch(time_point now) {
    const bool follows = now - begun_ < 2 * stretch;
    before_ = follows ? here_ : 0;
    begun_ = follows ? begun_ + stretch : now;
    here_ = 0;
  }

  std::uint64_t total_ = 0;
  std::uint64_t here_ = 0;    ///< in the present stretch
  std::uint64_t before_ = 0;  ///< in the one before
  time_point begun_{};        ///< of the present stretch
};

}  // namespace shoal
