// How many bytes of unfinished messages the tracker holds, in all and from one origin (core/address_group).
//
// A message may have a megabyte, and thousands of sessions may send one and never finish it. A session that gets no
// room is refused. Owned by tracker_node, used by tracker_session, on one context. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "core/bytes.hpp"

namespace shoal {

class inbox_budget {
 public:
  static constexpr std::size_t bytes_max = 128 * MiB;
  /// A laboratory behind one address that starts at once says a few hundred bytes each. A long list has 200 KiB.
  static constexpr std::size_t bytes_per_origin_max = 8 * MiB;
  /// So much of each session is not counted: most messages are shorter, and counting would cost more than they do.
  static constexpr std::size_t bytes_free = 4 * KiB;

  /// A session of the origin held `before` bytes, and holds `now`. False if there is no room; then it holds `before`.
  [[nodiscard]] bool change(const std::string& origin, std::size_t before, std::size_t now) {
    const std::size_t was = before > bytes_free ? before : 0;
    const std::size_t is = now > bytes_free ? now : 0;
    if (was == is) return true;
    std::size_t& mine = by_origin_[origin];
    const bool fits = is < was || (all_ - was + is <= bytes_max && mine - was + is <= bytes_per_origin_max);
    if (fits) {
      all_ = all_ - was + is;
      mine = mine - was + is;
    }
    if (mine == 0) by_origin_.erase(origin);
    return fits;
  }
  std::size_t bytes() const { return all_; }

 private:
  std::size_t all_ = 0;
  std::unordered_map<std::string, std::size_t> by_origin_;
};

}  // namespace shoal
