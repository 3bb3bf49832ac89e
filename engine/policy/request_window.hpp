// How much to ask one source for: size of a request, bytes in flight, and when silence means that it stalled.
//
// The window is two chunks until the first answers have been timed. Then it follows the measured rate: 2 x
// bandwidth-delay, or what the source delivers in window_duration_min if that is more; never more than it
// delivers in window_duration_max, so that a slow source does not sit on much. As the first burst is measured
// without the delay before it, and twice the delay leaves room, a fast source is at full speed after a few
// round trips. Pure; owned by transfer, one per source. DESIGN: "The life of one chunk".
#pragma once

#include <cstdint>

#include "core/bytes.hpp"
#include "core/time.hpp"
#include "policy/rate_meter.hpp"

namespace shoal {

/// Least time a source gets to deliver the next byte of what was asked of it; then its chunks go to others.
inline constexpr duration stall_deadline_min = std::chrono::seconds(1);
/// A source gets this many times the time that its measured rate lets expect for one request.
inline constexpr int stall_deadline_factor = 4;
/// Bytes in flight at one source: 2 x bandwidth-delay, at least two chunks, at most this.
inline constexpr std::uint64_t window_bytes_max = 32 * MiB;
/// Near sources have hardly any delay; this covers the time in which either side does something else.
inline constexpr duration window_duration_min = std::chrono::milliseconds(100);
/// What takes a source longer than this is not asked of it yet, beyond window_requests_min requests.
inline constexpr duration window_duration_max = std::chrono::seconds(2);
/// The next request is always there when one is answered.
inline constexpr std::uint32_t window_requests_min = 2;
/// One request is meant to take about this long at the source's rate, so that slow sources can be relieved in
/// small steps; clamped to block_bytes .. the source's request_bytes_max.
inline constexpr duration request_duration_target = std::chrono::milliseconds(250);
/// Size of the first requests to a source of unknown rate.
inline constexpr std::uint32_t request_bytes_initial = 256 * KiB;

class request_window {
 public:
  /// `request_bytes_max`: largest request the source serves. `requests_max`: requests it queues.
  /// `chunk_bytes`: of the share; no request is larger.
  request_window(std::uint32_t request_bytes_max, std::uint32_t requests_max, std::uint32_t chunk_bytes);

  /// A request was sent.
  void on_sent(time_point now) { meter_.on_busy(now); }
  /// The first byte of an answer came this long after its request.
  void on_answer(duration delay);
  void on_bytes(std::uint32_t bytes, time_point now) { meter_.on_bytes(bytes, now); }
  /// Nothing is in flight any more.
  void on_idle(time_point now) { meter_.on_idle(now); }
  /// Time until now does not count: nobody read from the source.
  void on_skip(time_point now) { meter_.on_skip(now); }
  /// Starts from the smallest window as if nothing were known: the source stalled.
  void on_restart() { meter_.reset(); }

  /// Whether one more request fits with this much in flight.
  bool admits(std::uint64_t bytes_in_flight, std::uint32_t requests_in_flight) const;
  std::uint64_t bytes_max() const;
  /// Size of the next request: a power of two, or request_bytes_max.
  std::uint32_t request_bytes() const;
  /// Silence after which a source that is asked for `bytes` in its present request has stalled.
  duration silence_max(std::uint32_t bytes) const;

  double rate() const { return meter_.rate(); }
  /// See rate_meter::rate_at.
  double rate_at(time_point now) const { return meter_.rate_at(now, request_bytes()); }
  /// Least time seen from a request to its first byte.
  duration delay() const { return answered_ ? delay_ : duration::zero(); }

 private:
  std::uint32_t request_bytes_max_;
  std::uint32_t requests_max_;
  std::uint64_t bytes_min_;
  rate_meter meter_;
  duration delay_ = duration::max();
  bool answered_ = false;
};

}  // namespace shoal
