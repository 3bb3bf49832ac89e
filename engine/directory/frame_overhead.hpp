// What comes over a WebSocket beside messages: headers, pings, and fragments without content (RFC 6455, 5.2 and 5.5).
//
// Each such frame takes time, and none of them is a message that a budget counts. So what came and was not content is
// counted in bytes. So is the time that it takes to read little, if no message ends with it. Honest peers send a frame
// in each heartbeat. Pure; owned by whoever reads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/bytes.hpp"
#include "core/time.hpp"

namespace shoal {

class frame_overhead {
 public:
  struct rates {
    double bytes = 0;
    double bytes_per_second = 0;
  };
  /// Of one session. A reader takes what has come before it counts what is content, so the first figure is more than it
  /// reads at a time. A frame has six bytes or more: 340 a second that come together, 37 that come alone.
  static constexpr rates of_session{192.0 * KiB, 2.0 * KiB};
  /// Of all sessions of one origin at a tracker: the heartbeats of 20,000 peers take 216 KB a second. What they send
  /// while the tracker's machine stands still for some seconds comes at once.
  static constexpr rates of_origin{4.0 * MiB, 256.0 * KiB};
  /// A read that brings less than this costs so much more.
  static constexpr std::size_t small_read_bytes = 512;
  static constexpr std::size_t small_read_price = 48;
  /// What a message takes beside its content: a header (RFC 6455, 5.2), and a read.
  static constexpr std::size_t message_bytes = 14 + small_read_price;

  frame_overhead(const rates& most, time_point now) : most_(most), left_(most.bytes), counted_at_(now) {}

  /// These bytes came over the connection. False: too much of what came was no content.
  [[nodiscard]] bool on_read(std::size_t bytes, time_point now) {
    return spend(static_cast<double>(bytes + (bytes < small_read_bytes ? small_read_price : 0)), now);
  }
  /// While nothing was read, so many small segments came (stream::small_segments()). Each woke the thread, as a read
  /// does.
  [[nodiscard]] bool on_unread(std::int64_t small_segments, time_point now) {
    const auto segments = static_cast<double>(std::max<std::int64_t>(small_segments, 0));
    return spend(segments * small_read_price, now);
  }
  /// So many of them were content. `ends`: of a message that is complete now.
  void on_content(std::size_t bytes, bool ends) {
    left_ = std::min(most_.bytes, left_ + static_cast<double>(bytes + (ends ? message_bytes : 0)));
  }
  /// Nothing is known of it that a new one would not know.
  bool is_full(time_point now) const { return left_at(now) >= most_.bytes; }

 private:
  bool spend(double bytes, time_point now) {
    left_ = left_at(now) - bytes;
    counted_at_ = now;
    return left_ >= 0;
  }
  double left_at(time_point now) const {
    const double seconds = std::chrono::duration<double>(now - counted_at_).count();
    return std::min(most_.bytes, left_ + seconds * most_.bytes_per_second);
  }

  rates most_;
  double left_;
  time_point counted_at_;
};

}  // namespace shoal
