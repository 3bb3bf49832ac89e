// Whether a limit of ours holds a session up that sends, for the peer that waits: it cannot see that itself.
//
// Measured while payload is sent: the time that the limit takes against the time that all takes. Pure, no clock; owned
// by uploader.
#pragma once

#include <cstdint>
#include <optional>

#include "core/time.hpp"

namespace shoal {

class limit_wait {
 public:
  /// Measured over so much time of sending.
  static constexpr duration stretch = std::chrono::seconds(1);
  /// A limit that takes this share of the time holds the session up.
  static constexpr double share_min = 0.3;

  /// Sending took so long, of which the limit took `waited`.
  void on_sent(duration took, duration waited) {
    took_ += took;
    waited_ += waited;
  }
  /// What to tell the peer, if that has changed: the limit in bytes per second, or 0. `limit`: the one in force.
  [[nodiscard]] std::optional<std::uint64_t> next_news(std::uint64_t limit) {
    if (took_ < stretch) return std::nullopt;
    const bool holds = std::chrono::duration<double>(waited_) >= share_min * std::chrono::duration<double>(took_);
    took_ = {};
    waited_ = {};
    const std::uint64_t now = holds ? limit : 0;
    if (now == told_) return std::nullopt;
    told_ = now;
    return now;
  }

 private:
  duration took_{};
  duration waited_{};
  std::uint64_t told_ = 0;
};

}  // namespace shoal
