// How often a peer connects to those who want what it has. Bounds what a tracker can make it dial.
//
// A lying tracker could name a stranger's address again and again, or many addresses. So one address is dialled at most
// once a second, and all addresses together as often as the bucket allows. A downloader whose dial is refused asks for
// it again. Pure; owned by the discovery.
#pragma once

#include <algorithm>
#include <map>

#include "core/time.hpp"
#include "policy/peer_book.hpp"

namespace shoal {

class wanted_dials {
 public:
  /// One address is dialled no more often than this.
  static constexpr duration interval = std::chrono::seconds(1);
  /// Dials of all addresses: so many at once, and so many a second from then on.
  static constexpr double burst = 20;
  static constexpr double per_second = 10;

  /// Whether `where` may be dialled now. If so, it counts as dialled.
  [[nodiscard]] bool on_wanted(const peer_address& where, time_point now) {
    if (where.port == 0) return false;
    std::erase_if(dialled_, [now](const auto& one) { return one.second + interval <= now; });
    left_ = std::min(burst, left_ + std::chrono::duration<double>(now - counted_at_).count() * per_second);
    counted_at_ = now;
    if (left_ < 1 || !dialled_.emplace(where, now).second) return false;
    --left_;
    return true;
  }

 private:
  /// Dials of the last second, no more than the bucket lets through.
  std::map<peer_address, time_point> dialled_;
  double left_ = burst;
  time_point counted_at_{};
};

}  // namespace shoal
