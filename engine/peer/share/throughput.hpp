// How fast payload comes to a download, smoothed over about a second, when it last came, and how long all of it takes.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

#include "core/time.hpp"

namespace shoal {

class throughput {
 public:
  explicit throughput(time_point now) : begun_(now), last_byte_(now) {}

  void on_bytes(std::uint64_t bytes, time_point now) {
    received_ += bytes;
    last_byte_ = now;
  }
  /// Silence counts from now on.
  void on_begin(time_point now) { last_byte_ = now; }
  void on_end(time_point now) {
    ended_ = now;
    rate_ = 0;
  }
  /// Call it several times a second.
  void measure(time_point now) {
    if (measured_at_ == time_point{}) measured_at_ = now;
    const double seconds = std::chrono::duration<double>(now - measured_at_).count();
    if (seconds < interval_min_seconds) return;
    const double current = static_cast<double>(received_ - measured_) / seconds;
    rate_ += (current - rate_) * (1 - std::exp(-seconds));
    measured_ = received_;
    measured_at_ = now;
  }

  /// Bytes per second.
  double rate() const { return rate_; }
  /// Time since the last byte, or since on_begin().
  duration silence(time_point now) const { return now - last_byte_; }
  /// Time from the construction to on_end(), or until now.
  duration elapsed(time_point now) const { return ended_.value_or(now) - begun_; }

 private:
  static constexpr double interval_min_seconds = 0.05;

  std::uint64_t received_ = 0;
  std::uint64_t measured_ = 0;
  time_point begun_;
  std::optional<time_point> ended_;
  time_point measured_at_{};
  time_point last_byte_;
  double rate_ = 0;
};

}  // namespace shoal
