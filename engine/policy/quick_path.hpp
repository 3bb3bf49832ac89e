// Whether a session's way to its peer is near and fast, as between machines of one room or on one machine. That is so
// when 4 MiB went out at 2 Gbit/s or more, and the round trip is less than a millisecond.
//
// Pure, no clock. Owned by uploader, which then changes the congestion control.
#pragma once

#include <cstdint>

#include "core/bytes.hpp"
#include "core/time.hpp"

namespace shoal {

class quick_path {
 public:
  static constexpr std::uint64_t stretch_bytes_min = 4 * MiB;
  static constexpr duration stretch_duration_max = std::chrono::milliseconds(16);
  static constexpr duration near_round_trip_max = std::chrono::milliseconds(1);

  /// A round trip of zero is unknown, and not near.
  static bool is_near(duration round_trip) { return round_trip > duration::zero() && round_trip < near_round_trip_max; }

  /// So many more bytes went out. True at the end of each stretch that was fast.
  [[nodiscard]] bool on_sent(std::uint64_t bytes, time_point now) {
    if (bytes_ == 0) begun_ = now;
    bytes_ += bytes;
    if (bytes_ < stretch_bytes_min) return false;
    bytes_ = 0;
    return now - begun_ <= stretch_duration_max;
  }

 private:
  std::uint64_t bytes_ = 0;  ///< bytes of the present stretch
  time_point begun_{};
};

}  // namespace shoal
