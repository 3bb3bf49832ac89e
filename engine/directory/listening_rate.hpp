// How much one side of a tracker's session listens to the other: so many messages and bytes at once, and so many a
// second.
//
// Reading a message costs more than sending one. Who says more than this is read more slowly: it waits, and nothing is
// lost. Pure; owned by whoever reads.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/bytes.hpp"
#include "core/time.hpp"

namespace shoal {

class listening_rate {
 public:
  struct rates {
    double messages = 0;
    double messages_per_second = 0;
    double bytes = 0;
    double bytes_per_second = 0;
  };
  /// Of a tracker, at the peer: a list or two, and then batches.
  static constexpr rates of_tracker{1000, 200, 512.0 * MiB, 8.0 * MiB};
  /// Of signatures in the rows of all trackers, which take 0.1 ms each: those of a large list, and then 2 % of a core.
  static constexpr rates of_signatures{20'000, 200, 1, 1};

  listening_rate(const rates& most, time_point now)
      : most_(most), messages_(most.messages), bytes_(most.bytes), counted_at_(now) {}

  /// Something was read. Returns how long to read nothing: zero while it is within the budget.
  duration on_read(std::size_t messages, std::size_t bytes, time_point now) {
    gain(now);
    messages_ -= static_cast<double>(messages);
    bytes_ -= static_cast<double>(bytes);
    const double wait = std::max(-messages_ / most_.messages_per_second, -bytes_ / most_.bytes_per_second);
    // Not for each message alone.
    if (wait < std::chrono::duration<double>(pause_min).count()) return duration::zero();
    return std::chrono::duration_cast<duration>(std::chrono::duration<double>(wait));
  }

  /// A message was read. Takes it from the budget if that has room for all of it.
  [[nodiscard]] bool take(std::size_t bytes, time_point now) {
    gain(now);
    if (messages_ < 1 || bytes_ < static_cast<double>(bytes)) return false;
    messages_ -= 1;
    bytes_ -= static_cast<double>(bytes);
    return true;
  }
  /// More than half of the messages that may come at once came lately.
  bool is_half_spent() const { return messages_ < most_.messages / 2; }
  /// Nothing came lately.
  bool is_full(time_point now) const {
    listening_rate then = *this;
    then.gain(now);
    return then.messages_ >= most_.messages && then.bytes_ >= most_.bytes;
  }

 private:
  void gain(time_point now) {
    const double seconds = std::chrono::duration<double>(now - counted_at_).count();
    counted_at_ = now;
    messages_ = std::min(most_.messages, messages_ + seconds * most_.messages_per_second);
    bytes_ = std::min(most_.bytes, bytes_ + seconds * most_.bytes_per_second);
  }

  static constexpr duration pause_min = std::chrono::milliseconds(20);

  rates most_;
  double messages_;
  double bytes_;
  time_point counted_at_;
};

}  // namespace shoal
