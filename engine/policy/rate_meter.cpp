#include "policy/rate_meter.hpp"

#include <algorithm>

#include "core/sha256.hpp"

namespace shoal {

namespace {

double seconds(duration span) {
  return std::chrono::duration<double>(span).count();
}

/// Before this a source that never sent anything is not yet slow: it may be far away.
constexpr duration first_bytes_grace = std::chrono::milliseconds(200);

}  // namespace

duration rate_meter::counted(duration gap) const {
  if (gap <= rate_gap_max) return std::max(gap, duration::zero());
  if (rate_ <= 0) return gap;
  const double blocks = std::min(4.0 * block_bytes / rate_cautious(), 3600.0);
  const duration least = std::clamp(age_ / 4, rate_sample_min, rate_gap_max);
  return std::clamp(std::chrono::duration_cast<duration>(std::chrono::duration<double>(blocks)), least, gap);
}

void rate_meter::advance(time_point now) {
  if (busy_) span_ += counted(now - mark_);
  mark_ = now;
}

double rate_meter::blended(double rate, double bytes, duration span, duration smoothing) const {
  const double sample = bytes / seconds(span);
  if (rate <= 0) return sample;
  const duration memory = std::min(std::max(age_, span), smoothing);
  const double weight = std::min(1.0, seconds(span) / seconds(memory));
  return rate + weight * (sample - rate);
}

void rate_meter::on_busy(time_point now) {
  if (busy_) return;
  busy_ = true;
  mark_ = now;
}

void rate_meter::on_idle(time_point now) {
  advance(now);
  busy_ = false;
}

void rate_meter::on_skip(time_point now) {
  mark_ = now;
}

void rate_meter::on_bytes(std::uint64_t bytes, time_point now) {
  advance(now);
  busy_ = true;
  if (!started_) {
    // The way to the source and back is no part of its rate, so the first bytes only start the clock.
    started_ = true;
    span_ = {};
    return;
  }
  bytes_ += bytes;
  if (span_ < rate_sample_min) return;
  const auto bytes_known = static_cast<double>(bytes_);
  rate_ = blended(rate_, bytes_known, span_, rate_smoothing);
  recent_ = blended(recent_, bytes_known, span_, rate_smoothing_recent);
  age_ = std::min(age_ + span_, rate_smoothing);
  bytes_ = 0;
  span_ = {};
}

double rate_meter::rate_at(time_point now, std::uint64_t bytes_expected) const {
  const duration span = span_ + (busy_ ? std::max(now - mark_, duration::zero()) : duration::zero());
  if (started_ && rate_ > 0) {
    // What is on its way may arrive at once. Only a longer silence says something.
    const double expected = static_cast<double>(bytes_ + bytes_expected);
    return span < rate_sample_min ? rate_ : std::min(rate_, blended(rate_, expected, span, rate_smoothing));
  }
  return span < first_bytes_grace ? 0 : static_cast<double>(bytes_ + bytes_expected) / seconds(span);
}

}  // namespace shoal
