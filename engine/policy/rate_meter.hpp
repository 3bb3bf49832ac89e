// How fast a source delivers while it has something to deliver: bytes per second, smoothed over about a second, and
// cautiously over less.
//
// Time in which nothing was asked for does not count. Pure; owned by request_window.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/time.hpp"

namespace shoal {

/// What the rate is smoothed over.
inline constexpr duration rate_smoothing = std::chrono::seconds(1);
/// What the recent rate is smoothed over.
inline constexpr duration rate_smoothing_recent = std::chrono::milliseconds(200);
/// Of a silence so much counts, or what four blocks take at the rate so far if that is longer: a source that stood
/// still and is back is as fast as before, and one that became slower is known to be after a few blocks. Less, a
/// quarter of what was measured, of a source that is known for a short while only.
inline constexpr duration rate_gap_max = std::chrono::milliseconds(100);
/// Shortest stretch of time that makes a sample.
inline constexpr duration rate_sample_min = std::chrono::milliseconds(5);

class rate_meter {
 public:
  /// Something is due from now on.
  void on_busy(time_point now);
  /// Nothing is due any more.
  void on_idle(time_point now);
  void on_bytes(std::uint64_t bytes, time_point now);
  /// Time until now does not count: nobody read what came in.
  void on_skip(time_point now);
  void reset() { *this = rate_meter(); }

  bool known() const { return rate_ > 0; }
  /// 0 until known.
  double rate() const { return rate_; }
  /// Never more than rate(), and less soon after the source became slower: for forecasts. 0 until known.
  double rate_cautious() const { return std::min(rate_, recent_); }
  /// As rate(), but a silence that lasts at `now` counts already. Where nothing ever came it is what would be
  /// if `bytes_expected` came now; 0 if it is too early to say.
  double rate_at(time_point now, std::uint64_t bytes_expected) const;

 private:
  void advance(time_point now);
  /// The part of a silence that counts.
  duration counted(duration gap) const;
  double blended(double rate, double bytes, duration span, duration smoothing) const;

  double rate_ = 0;
  double recent_ = 0;        ///< as rate_, over rate_smoothing_recent
  duration age_{};           ///< time measured, up to rate_smoothing
  std::uint64_t bytes_ = 0;  ///< not yet in rate_
  duration span_{};          ///< time not yet in rate_
  time_point mark_{};
  bool busy_ = false;
  bool started_ = false;
};

}  // namespace shoal
