#include "policy/request_window.hpp"

#include <algorithm>
#include <bit>

#include "core/sha256.hpp"

namespace shoal {

namespace {

double seconds(duration span) {
  return std::chrono::duration<double>(span).count();
}

std::uint64_t bytes_in(double rate, duration span) {
  return static_cast<std::uint64_t>(rate * seconds(span));
}

}  // namespace

request_window::request_window(std::uint32_t request_bytes_max, std::uint32_t requests_max, std::uint32_t chunk_bytes)
    : request_bytes_max_(std::max(std::min(request_bytes_max, chunk_bytes) / block_bytes * block_bytes, block_bytes)),
      requests_max_(std::max(requests_max, 1u)),
      bytes_min_(std::uint64_t{2} * chunk_bytes) {}

void request_window::on_answer(duration delay) {
  delay_ = std::min(delay_, std::max(delay, duration::zero()));
  answered_ = true;
}

std::uint64_t request_window::bytes_max() const {
  if (!meter_.known()) return bytes_min_;
  const double rate = meter_.rate();
  const std::uint64_t bytes = bytes_in(rate, std::max(2 * delay(), window_duration_min));
  const std::uint64_t least = std::uint64_t{window_requests_min} * request_bytes();
  const std::uint64_t most = std::max(bytes_in(rate, std::max(2 * delay(), window_duration_max)), least);
  return std::min({std::max(bytes, bytes_min_), most, window_bytes_max});
}

bool request_window::admits(std::uint64_t bytes_in_flight, std::uint32_t requests_in_flight) const {
  if (requests_in_flight >= requests_max_) return false;
  return requests_in_flight < window_requests_min || bytes_in_flight + request_bytes() <= bytes_max();
}

std::uint32_t request_window::request_bytes() const {
  if (!meter_.known()) return std::min(request_bytes_initial, request_bytes_max_);
  const std::uint64_t wanted = bytes_in(meter_.rate(), request_duration_target);
  if (wanted >= request_bytes_max_) return request_bytes_max_;
  return std::max(static_cast<std::uint32_t>(std::bit_floor(wanted)), block_bytes);
}

duration request_window::silence_max(std::uint32_t bytes) const {
  if (!meter_.known()) return stall_deadline_min;
  // A bound, so that a rate close to nothing does not overflow the clock.
  const double expected = std::min(static_cast<double>(bytes) / meter_.rate(), 600.0);
  const auto span = std::chrono::duration_cast<duration>(std::chrono::duration<double>(expected));
  return std::max(stall_deadline_min, stall_deadline_factor * span);
}

}  // namespace shoal
