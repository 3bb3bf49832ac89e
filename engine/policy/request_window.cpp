#include "policy/request_window.hpp"

#include <algorithm>
#include <bit>

#include "core/sha256.hpp"
#include "policy/forecast.hpp"

namespace shoal {

namespace {

double seconds(duration span) {
  return std::chrono::duration<double>(span).count();
}

std::uint64_t bytes_in(double rate, duration span) {
  return static_cast<std::uint64_t>(rate * seconds(span));
}

}  // namespace

request_window::request_window(std::uint32_t request_bytes_max, std::uint32_t requests_max, std::uint32_t chunk_bytes,
                               duration round_trip, std::uint64_t start_bytes_max)
    : request_bytes_max_(std::max(std::min(request_bytes_max, chunk_bytes) / block_bytes * block_bytes, block_bytes)),
      requests_max_(std::max(requests_max, 1u)),
      bytes_min_(std::uint64_t{2} * chunk_bytes),
      delay_(std::max(round_trip, duration::zero())),
      start_bytes_(bytes_min_) {
  const std::uint64_t held_by_link = near() ? 0 : bytes_in(start_rate, delay_);
  start_bytes_ = std::max(start_bytes_, std::min({held_by_link, start_bytes_max, far_window_bytes_max}));
}

void request_window::on_limit(std::uint64_t bytes_per_second) {
  credit_max_ = std::max<std::uint64_t>(bytes_in(static_cast<double>(bytes_per_second), window_duration_slow),
                                        window_requests_min * block_bytes);
}

void request_window::on_answer(duration delay, time_point now) {
  delay = std::max(delay, duration::zero());
  delay_ = answered_ ? std::min(delay_, delay) : delay;
  answered_ = true;
  // The source had nothing to do when the request came in: the silence before it tells how far it is, not how fast.
  if (!near() && delay <= delay_ + delay_ / 4) meter_.on_skip(now);
  if (delay > delay_ + delay_ / 2 + near_round_trip) starting_ = false;
}

void request_window::on_bytes(std::uint32_t bytes, time_point now) {
  meter_.on_bytes(bytes, now);
  if (starting_ && (!near() || !meter_.known())) start_bytes_ += bytes;
}

void request_window::on_restart() {
  meter_.reset();
  starting_ = true;
  start_bytes_ = bytes_min_;
}

std::uint64_t request_window::bytes_max() const {
  if (!meter_.known()) return std::min(start_bytes_, credit_max_);
  const double rate = meter_.rate();
  const std::uint64_t far = near() ? 0 : bytes_in(rate, 2 * delay_);
  const std::uint64_t most = std::min(window_bytes_max + far, far_window_bytes_max);
  const std::uint64_t least = std::max(std::min(bytes_min_, bytes_in(rate, window_duration_slow)),
                                       std::uint64_t{window_requests_min} * request_bytes());
  const std::uint64_t follows = bytes_in(rate, 2 * delay_ + window_duration_min);
  return std::clamp(std::max(follows, starting_ ? std::min(start_bytes_, credit_max_) : 0), least,
                    std::max(least, most));
}

std::uint64_t request_window::bytes_too_many() const {
  return meter_.known() && !starting_ ? 2 * bytes_max() : far_window_bytes_max;
}

std::uint64_t request_window::bytes_beyond_recall() const {
  return 2 * (beyond_recall_bytes + bytes_in(meter_.rate(), delay_));
}

bool request_window::admits(std::uint64_t bytes_in_flight, std::uint32_t requests_in_flight,
                            std::uint32_t request) const {
  if (requests_in_flight >= requests_max_) return false;
  return requests_in_flight < window_requests_min || bytes_in_flight + request <= bytes_max();
}

std::uint32_t request_window::request_bytes() const {
  if (!meter_.known()) {
    const std::uint64_t credit = std::bit_floor(credit_max_ / window_requests_min);
    return std::min({request_bytes_initial, request_bytes_max_, static_cast<std::uint32_t>(credit)});
  }
  const std::uint64_t wanted = bytes_in(meter_.rate(), request_duration_target);
  if (wanted >= request_bytes_max_) return request_bytes_max_;
  return std::max(static_cast<std::uint32_t>(std::bit_floor(wanted)), block_bytes);
}

duration request_window::silence_max(std::uint32_t bytes) const {
  const duration far = std::max(stall_deadline_min, stall_deadline_factor * std::min(delay_, far_round_trip_counted));
  if (!meter_.known()) return far;
  // A bound, so that a rate close to nothing does not overflow the clock.
  const double expected = std::min(static_cast<double>(bytes) / meter_.rate(), 600.0);
  const auto span = std::chrono::duration_cast<duration>(std::chrono::duration<double>(expected));
  return std::max(far, stall_deadline_factor * span);
}

}  // namespace shoal
