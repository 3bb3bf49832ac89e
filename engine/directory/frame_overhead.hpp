// What comes over a WebSocket beside messages: headers, pings, and fragments without content (RFC 6455, 5.2 and 5.5).
//
// Each such frame takes time, and none of them is a message that a budget counts. So what came and was not content is
// counted in bytes. So is the time that it takes to read little, if no message ends with it, and to answer a ping.
// Honest peers send a frame in each heartbeat. Pure; owned by whoever reads.
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
  /// A reader takes what has come before it counts what is content, so this is more than it reads at a time.
  static constexpr double at_once = 192.0 * KiB;
  /// Of a tracker's session, at the peer: 1,300 pings may come together, and 20 a second alone.
  static constexpr rates of_tracker{at_once, 4.0 * KiB};
  /// A read that brings less than this costs so much more.
  static constexpr std::size_t small_read_bytes = 512;
  static constexpr std::size_t small_read_price = 48;
  /// A control frame costs so much more than its bytes, and a ping is answered.
  static constexpr std::size_t control_price = 48;
  static constexpr std::size_t ping_price = 144;
  /// The pong of a heartbeat, which comes alone.
  static constexpr std::size_t heartbeat_bytes = 6 + small_read_price + control_price;
  /// Of a peer's session, at the tracker, if all heartbeats are pings.
  static rates of_peer(duration heartbeat) {
    constexpr double bytes = 6 + small_read_price + ping_price;
    return {at_once, 2 * bytes / std::chrono::duration<double>(heartbeat).count()};
  }
  /// Whoever sends no more than heartbeats has spent less than this.
  static constexpr double modest_bytes = 2.0 * KiB;
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
  /// A control frame was among them.
  [[nodiscard]] bool on_control_frame(bool is_ping, time_point now) {
    return spend(static_cast<double>(is_ping ? ping_price : control_price), now);
  }
  /// So many of them were content. `ends`: of a message that is complete now.
  void on_content(std::size_t bytes, bool ends) {
    left_ = std::min(most_.bytes, left_ + static_cast<double>(bytes + (ends ? message_bytes : 0)));
  }
  /// Hardly anything came beside content lately.
  bool is_modest(time_point now) const { return left_at(now) >= most_.bytes - modest_bytes; }
  /// More or less may come from now on.
  void set_most(const rates& most, time_point now) {
    left_ = left_at(now) + most.bytes - most_.bytes;
    counted_at_ = now;
    most_ = most;
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
