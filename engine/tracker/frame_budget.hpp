// How much the sessions of each origin (core/address_group) may send beside messages: directory/frame_overhead.
//
// So pings and empty fragments of many sessions cost no more than those of a few. Owned by tracker_node, used by
// tracker_session, on one context. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "core/time.hpp"
#include "directory/frame_overhead.hpp"

namespace shoal {

class frame_budget {
 public:
  /// As frame_overhead, of all sessions of the origin.
  [[nodiscard]] bool on_read(const std::string& origin, std::size_t bytes, time_point now) {
    forget(now);
    return origins_.try_emplace(origin, frame_overhead::of_origin, now).first->second.on_read(bytes, now);
  }
  [[nodiscard]] bool on_unread(const std::string& origin, std::int64_t small_segments, time_point now) {
    const auto at = origins_.find(origin);
    return at == origins_.end() || at->second.on_unread(small_segments, now);
  }
  void on_content(const std::string& origin, std::size_t bytes, bool ends) {
    const auto at = origins_.find(origin);
    if (at != origins_.end()) at->second.on_content(bytes, ends);
  }
  std::size_t size() const { return origins_.size(); }

 private:
  static constexpr duration forget_interval = std::chrono::minutes(1);

  void forget(time_point now) {
    if (now < forgotten_at_ + forget_interval) return;
    forgotten_at_ = now;
    std::erase_if(origins_, [now](const auto& one) { return one.second.is_full(now); });
  }

  std::unordered_map<std::string, frame_overhead> origins_;
  time_point forgotten_at_{};
};

}  // namespace shoal
