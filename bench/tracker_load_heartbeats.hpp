// How the sessions of a load show their tracker that they live, as peers do (peer/discovery/tracker_connection). Used
// by tracker_load alone.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "bench/tracker_load_frames.hpp"

namespace shoal::bench {

class heartbeats {
 public:
  void on_session(std::size_t session, double now) { due_.emplace_back(now + interval, session); }

  /// The next session that must send beat(). Each session comes again a heartbeat later.
  std::optional<std::size_t> next(double now) {
    if (due_.empty() || due_.front().first > now) return std::nullopt;
    const auto [due, session] = due_.front();
    due_.pop_front();
    due_.emplace_back(due + interval, session);
    return session;
  }

  /// `heard_at`: when the tracker last sent something.
  static std::string beat(double heard_at, double now) {
    return frame(now - heard_at < unheard_max ? op_pong : op_ping, {});
  }

 private:
  static constexpr double interval = 5;
  static constexpr double unheard_max = 3.5 * interval;

  std::deque<std::pair<double, std::size_t>> due_;  ///< the next first
};

}  // namespace shoal::bench
