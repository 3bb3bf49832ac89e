// How fast a source delivers while it has something to deliver, in bytes per second. rate() is smoothed over about a
// second, rate_cautious() over less.
//
// Time without outstanding requests does not count. Pure; owned by request_window.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/time.hpp"

namespace shoal {

/// The rate is smoothed over this time.
inline constexpr duration rate_smoothing = std::chrono::seconds(1);
/// The recent rate is smoothed over this time.
inline constexpr duration rate_smoothing_recent = std::chrono::milliseconds(200);
/// The longest part of a silence that counts, or the time of four blocks at the rate so far if that is longer. So a
/// source that stood still and is back is as fast as before. A source that became slower is known to be slow after a
/// few blocks. For a source that is known for a short while, less counts: a quarter of the time measured.
inline constexpr duration rate_gap_max = std::chrono::milliseconds(100);
/// The shortest time that makes a sample.
inline constexpr duration rate_sample_min = std::chrono::milliseconds(5);

class rate_meter {
 public:
  /// Something is due from now on.
  void on_busy(time_point now);
  /// Nothing is due any more.
  void on_idle(time_point now);
  void on_bytes(std::uint64_t bytes, time_point now);
  /// The time until now does not count: nobody read what came.
  void on_skip(time_point now);
  void reset() { *this = rate_meter(); }

  bool known() const { return rate_ > 0; }
  /// 0 until known.
  double rate() const { return rate_; }
  /// Never more than rate(), and smaller soon after the source became slower: for forecasts. 0 until known.
  double rate_cautious() const { return std::min(rate_, recent_); }
  /// Like rate(), but a silence that lasts at `now` counts already. If nothing ever came: the rate as if
  /// `bytes_expected` came now, or 0 if it is too early to say.
  double rate_at(time_point now, std::uint64_t bytes_expected) const;

 private:
  void advance(time_point now);
  /// The part of a silence that counts.
  duration counted(duration gap) const;
  double blended(double rate, double bytes, duration span, duration smoothing) const;

  double rate_ = 0;
  double recent_ = 0;        ///< like rate_, smoothed over rate_smoothing_recent
  duration age_{};           ///< time measured, at most rate_smoothing
  std::uint64_t bytes_ = 0;  ///< not yet in rate_
  duration span_{};          ///< time not yet in rate_
  time_point mark_{};
  bool busy_ = false;
  bool started_ = false;
};

}  // namespace shoal
