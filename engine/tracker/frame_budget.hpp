// How much the sessions of each origin (core/address_group) may send for nothing: frames that are no messages
// (directory/frame_overhead), and short messages.
//
// So pings and empty fragments of many sessions cost no more than those of a few. An origin may send what the
// heartbeats of its sessions take, and some more. If it sends too much, its sessions end that send more than
// heartbeats. Owned by tracker_node, used by tracker_session, on one context. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/time.hpp"
#include "directory/frame_overhead.hpp"
#include "directory/listening_rate.hpp"
#include "tracker/tracking_prices.hpp"

namespace shoal {

class frame_budget {
 public:
  /// Of an origin, beside heartbeats: 200 pings a second, which take 0.2 % of a core.
  static constexpr frame_overhead::rates of_origin{256.0 * KiB, 32.0 * KiB};
  /// What the sessions send while the tracker's machine stands still for some heartbeats comes at once.
  static constexpr double heartbeats_at_once = 4;
  static constexpr double heartbeats_a_heartbeat = 2;

  explicit frame_budget(duration heartbeat) : heartbeat_(heartbeat) {}

  void on_session(const std::string& origin, time_point now) {
    forget(now);
    change(origin, 1, now);
  }
  void on_session_end(const std::string& origin, time_point now) { change(origin, -1, now); }

  /// As frame_overhead, of all sessions of the origin. It has one.
  [[nodiscard]] bool on_read(const std::string& origin, std::size_t bytes, time_point now) {
    return origins_.at(origin).overhead.on_read(bytes, now);
  }
  [[nodiscard]] bool on_unread(const std::string& origin, std::int64_t small_segments, time_point now) {
    return origins_.at(origin).overhead.on_unread(small_segments, now);
  }
  [[nodiscard]] bool on_control_frame(const std::string& origin, bool is_ping, time_point now) {
    return origins_.at(origin).overhead.on_control_frame(is_ping, now);
  }
  void on_content(const std::string& origin, std::size_t bytes, bool ends) {
    origins_.at(origin).overhead.on_content(bytes, ends);
  }
  /// A short message of a session that says much more than most. False: it is not free.
  [[nodiscard]] bool take_free_message(const std::string& origin, std::size_t bytes, time_point now) {
    return origins_.at(origin).messages.take(bytes, now);
  }
  /// Origins that are remembered: those with sessions, and those that sent much lately.
  std::size_t size() const { return origins_.size(); }

 private:
  static constexpr duration forget_interval = std::chrono::minutes(1);

  struct state {
    frame_overhead overhead;
    listening_rate messages;
    std::int64_t sessions = 0;
  };
  void change(const std::string& origin, std::int64_t by, time_point now) {
    state fresh{frame_overhead(of_origin, now), listening_rate(tracking_prices::free_of_origin, now)};
    state& of = origins_.try_emplace(origin, std::move(fresh)).first->second;
    of.sessions += by;
    const double beat = static_cast<double>(of.sessions) * frame_overhead::heartbeat_bytes;
    const double per_second = beat * heartbeats_a_heartbeat / std::chrono::duration<double>(heartbeat_).count();
    of.overhead.set_most({of_origin.bytes + heartbeats_at_once * beat, of_origin.bytes_per_second + per_second}, now);
  }
  void forget(time_point now) {
    if (now < forgotten_at_ + forget_interval) return;
    forgotten_at_ = now;
    std::erase_if(origins_, [now](const auto& one) {
      const state& of = one.second;
      return of.sessions == 0 && of.overhead.is_full(now) && of.messages.is_full(now);
    });
  }

  duration heartbeat_;
  std::unordered_map<std::string, state> origins_;
  time_point forgotten_at_{};
};

}  // namespace shoal
