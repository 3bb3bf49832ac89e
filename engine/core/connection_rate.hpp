// How many connections one origin may open: so many at once, and so many a second from then on.
//
// To accept a connection, greet it and begin a session takes some hundred microseconds. Whoever opens and closes them
// without end has spent its credit soon, and is then held: the owner of this drops its attempts until it has credit for
// one more. Each attempt that is dropped is repeated a second later. So whoever connects again and again waits nearly
// all the time, and a neighbour of the same origin finds it let go. Who starts many at once is not held. Pure; asked by
// whoever accepts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <vector>

#include "core/address_group.hpp"
#include "core/time.hpp"

namespace shoal {

class connection_rate {
 public:
  struct rates {
    double at_once = 0;
    double per_second = 0;
  };
  /// At a peer: some hundred machines behind one router, each with several shares. The rate costs 1 % of a core.
  static constexpr rates at_peer{1024, 50};
  /// At a tracker: a laboratory behind one address that comes back at once.
  static constexpr rates at_tracker{10'000, 100};
  /// A connection that ends within this time takes so much credit.
  static constexpr duration short_time = std::chrono::seconds(5);
  static constexpr double short_price = 10;
  /// Origins that are remembered. Further ones are let in uncounted, until others are forgotten.
  static constexpr std::size_t origins_max = 10'000;

  explicit connection_rate(const rates& most) : most_(most) {}

  /// A connection of `origin` came. False: its origin is held, so close it.
  [[nodiscard]] bool on_connection(const address_group& origin, time_point now) {
    auto at = origins_.find(origin);
    if (at == origins_.end()) {
      if (origins_.size() >= origins_max) forget(now);
      if (origins_.size() >= origins_max) return true;
      at = origins_.emplace(origin, credit{most_.at_once, now}).first;
    }
    gain(at->second, now);
    if (held_.contains(origin)) return false;
    at->second.left -= 1;
    if (at->second.left < 1) held_[origin] = now + time_for(1 - at->second.left);
    return true;
  }
  /// A connection of `origin` ended soon after it came, which is what a flood does: it counts as many.
  void on_short_connection(const address_group& origin, time_point now) {
    const auto at = origins_.find(origin);
    if (at == origins_.end()) return;
    gain(at->second, now);
    const double least = -owed_max.count() * most_.per_second;
    at->second.left = std::max(at->second.left - (short_price - 1), std::min(at->second.left, least));
  }
  /// Lets go those that were held long enough. True if there were any.
  bool release(time_point now) {
    return std::erase_if(held_, [now](const auto& one) { return one.second <= now; }) > 0;
  }
  /// Those that are held.
  std::vector<address_group> held() const {
    std::vector<address_group> origins;
    for (const auto& [origin, until] : held_) origins.push_back(origin);
    return origins;
  }
  /// When to call release(); `never` if nobody is held.
  time_point next_release() const {
    time_point first = never;
    for (const auto& [origin, until] : held_) first = std::min(first, until);
    return first;
  }
  std::size_t held_count() const { return held_.size(); }
  std::size_t size() const { return origins_.size(); }

 private:
  /// Nobody is held for much longer because of short connections.
  static constexpr std::chrono::duration<double> owed_max = std::chrono::seconds(10);

  struct credit {
    double left = 0;
    time_point counted;
  };
  duration time_for(double credit) const {
    if (most_.per_second <= 0) return std::chrono::hours(1);
    return std::chrono::duration_cast<duration>(std::chrono::duration<double>(credit / most_.per_second));
  }
  void gain(credit& of, time_point now) const {
    const double seconds = std::chrono::duration<double>(now - of.counted).count();
    of.left = std::min(most_.at_once, of.left + seconds * most_.per_second);
    of.counted = now;
  }
  void forget(time_point now) {
    // It goes over all, so not for each connection.
    if (now < forgotten_at_ + std::chrono::seconds(1)) return;
    forgotten_at_ = now;
    for (auto& [origin, of] : origins_) gain(of, now);
    std::erase_if(origins_, [this](const auto& one) { return one.second.left >= most_.at_once; });
  }

  rates most_;
  std::map<address_group, credit> origins_;
  std::map<address_group, time_point> held_;
  time_point forgotten_at_{};
};

}  // namespace shoal
