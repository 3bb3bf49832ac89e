// How much to ask one source for: size of a request, bytes in flight, and when silence means that the source stalled.
//
// - A near source starts with two chunks. A far source starts with what a fast link of its round trip holds.
// - The window of a far source grows by each byte that comes, so it doubles with each round trip. It stops when an
//   answer waits at the source for longer than the way explains: asking for more does not pay any more.
// - From then on, the window follows the measured rate; for a near source, from the first answer on. It is twice the
//   bandwidth-delay product, plus what the source delivers in window_duration_min. So it can double again when the link
//   becomes faster, and a slow source holds little.
//
// TCP's slow start (RFC 5681) and BBR's start-up are the models. Pure; owned by transfer, one per source. DESIGN: "The
// life of one chunk".
#pragma once

#include <cstdint>

#include "core/bytes.hpp"
#include "core/time.hpp"
#include "policy/rate_meter.hpp"

namespace shoal {

/// A source gets at least this time to deliver the next byte that it was asked for. Then its chunks go to others.
inline constexpr duration stall_deadline_min = std::chrono::seconds(1);
/// A source gets this many times the expected time of one request at its rate, or this many times its round trip. The
/// round trip counts up to far_round_trip_counted.
inline constexpr int stall_deadline_factor = 4;
inline constexpr duration far_round_trip_counted = std::chrono::seconds(1);
/// Most bytes in flight at a near source.
inline constexpr std::uint64_t window_bytes_max = 32 * MiB;
/// Most bytes in flight at a far source: 10 Gbit/s over 200 ms, twice.
inline constexpr std::uint64_t far_window_bytes_max = 512 * MiB;
/// A near source has hardly any delay. This covers the time in which either side does something else.
inline constexpr duration window_duration_min = std::chrono::milliseconds(100);
/// The window is at least two chunks. For a slow source it is no more than the source delivers in this time.
inline constexpr duration window_duration_slow = std::chrono::milliseconds(500);
/// So many requests are in flight at least: when one is answered, the next is there already.
inline constexpr std::uint32_t window_requests_min = 2;
/// Each request is meant to take about this long at the source's rate, so that slow sources can be relieved in small
/// steps. Half as long costs a crowd 1 to 3 %. The size is clamped to block_bytes .. the source's request_bytes_max.
inline constexpr duration request_duration_target = std::chrono::milliseconds(500);
/// Size of the first requests to a source of unknown rate. What a slow source has begun to answer is as good as lost.
inline constexpr std::uint32_t request_bytes_initial = 64 * KiB;
/// Credit of a far link before anything is known of it: bytes per second, 4 Gbit/s.
inline constexpr double start_rate = 500e6;
/// A shorter round trip is near. The scheduler of a busy machine, or the queue of a home router, may take as long.
inline constexpr duration near_round_trip = std::chrono::milliseconds(20);

class request_window {
 public:
  /// `request_bytes_max`: the largest request that the source serves. `requests_max`: the requests that it queues.
  /// `chunk_bytes`: the share's chunk size; no request is larger. `round_trip`: to the source and back, zero if
  /// unknown. `start_bytes_max`: bound of the first window of a far source.
  request_window(std::uint32_t request_bytes_max, std::uint32_t requests_max, std::uint32_t chunk_bytes,
                 duration round_trip, std::uint64_t start_bytes_max);

  /// No more bytes per second than this are to be expected: bounds what is asked for while the rate is unknown.
  void on_limit(std::uint64_t bytes_per_second);
  /// A request was sent.
  void on_sent(time_point now) { meter_.on_busy(now); }
  /// The first byte of an answer came this long after its request.
  void on_answer(duration delay, time_point now);
  void on_bytes(std::uint32_t bytes, time_point now);
  /// Nothing is in flight any more.
  void on_idle(time_point now) { meter_.on_idle(now); }
  /// Time until now does not count: nobody read from the source.
  void on_skip(time_point now) { meter_.on_skip(now); }
  /// The source stalled. The window starts again like that of a near source of unknown rate.
  void on_restart();

  /// Whether one more request of `request` bytes fits with this much in flight.
  bool admits(std::uint64_t bytes_in_flight, std::uint32_t requests_in_flight, std::uint32_t request) const;
  std::uint64_t bytes_max() const;
  /// Bytes in flight beyond this are to be called back: the source turned out to be far slower than its credit.
  std::uint64_t bytes_too_many() const;
  /// So many of the bytes that were asked for first cannot be called back. They are on their way, or may be before a
  /// cancel arrives.
  std::uint64_t bytes_beyond_recall() const;
  /// Size of the next request: a power of two, or request_bytes_max.
  std::uint32_t request_bytes() const;
  /// A source that is asked for `bytes` in its present request has stalled after this much silence.
  duration silence_max(std::uint32_t bytes) const;

  double rate() const { return meter_.rate(); }
  double rate_cautious() const { return meter_.rate_cautious(); }
  /// See rate_meter::rate_at.
  double rate_at(time_point now) const { return meter_.rate_at(now, request_bytes()); }
  /// The shortest time seen from a request to its first byte. Before the first answer: the round trip.
  duration delay() const { return delay_; }

 private:
  bool near() const { return delay_ < near_round_trip; }

  std::uint32_t request_bytes_max_;
  std::uint32_t requests_max_;
  std::uint64_t bytes_min_;
  std::uint64_t credit_max_ = far_window_bytes_max;  ///< in flight while the rate is unknown
  rate_meter meter_;
  duration delay_;
  bool answered_ = false;
  bool starting_ = true;       ///< the window still grows by each byte that comes
  std::uint64_t start_bytes_;  ///< the first window, plus what came since
};

}  // namespace shoal
