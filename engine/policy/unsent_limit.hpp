// How much payload may wait in the kernel to be sent in a session: what goes out in a twentieth of a second.
//
// A message to the same peer waits behind all of it. Where many share a slow uplink, 128 KiB take seconds. A request
// that waits for seconds makes a fast downlink slow. Pure, no clock. Owned by uploader, which tells the kernel.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include "core/bytes.hpp"
#include "core/time.hpp"

namespace shoal {

class unsent_limit {
 public:
  /// Where the way is fast, this is enough while the network thread is busy elsewhere.
  static constexpr std::uint32_t bytes_max = 128 * KiB;
  static constexpr std::uint32_t bytes_min = 4 * KiB;
  static constexpr std::uint32_t bytes_first = 32 * KiB;
  static constexpr duration held = std::chrono::milliseconds(50);
  /// The rate is measured over stretches. A stretch ends when so long has passed or so much was sent.
  static constexpr duration stretch_duration = std::chrono::milliseconds(100);
  static constexpr std::uint64_t stretch_bytes = 512 * KiB;

  /// So many more bytes went out. True if bytes() changed.
  [[nodiscard]] bool on_sent(std::uint64_t bytes, time_point now) {
    if (sent_ == 0) begun_ = now;
    sent_ += bytes;
    const auto passed = now - begun_;
    if (passed < stretch_duration && sent_ < stretch_bytes) return false;
    const double share = std::chrono::duration<double>(held) / std::max<duration>(passed, std::chrono::microseconds(1));
    const double wanted = static_cast<double>(sent_) * share;
    sent_ = 0;
    const auto rounded = std::bit_floor(
        static_cast<std::uint32_t>(std::clamp(wanted, static_cast<double>(bytes_min), static_cast<double>(bytes_max))));
    return std::exchange(bytes_, rounded) != rounded;
  }
  /// A power of two.
  std::uint32_t bytes() const { return bytes_; }

 private:
  std::uint32_t bytes_ = bytes_first;
  std::uint64_t sent_ = 0;  ///< bytes of the present stretch
  time_point begun_{};
};

}  // namespace shoal
