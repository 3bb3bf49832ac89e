#include "directory/dial_backs.hpp"

#include <algorithm>

#include "core/address_group.hpp"

namespace shoal {

void dial_backs::forget(time_point now) {
  // Often enough to bound the memory, and rarely enough to cost nothing.
  if (forgotten_at_ != time_point::min() && now < forgotten_at_ + interval_ / 4) return;
  forgotten_at_ = now;
  for (auto origin = origins_.begin(); origin != origins_.end();) {
    std::erase_if(origin->second, [this, now](const auto& one) {
      return one.second.result != found::nothing_yet && now >= one.second.begun + interval_;
    });
    origin = origin->second.empty() ? origins_.erase(origin) : std::next(origin);
  }
}

dial_backs::plan dial_backs::next(const std::string& host, std::uint16_t port, time_point now) {
  forget(now);
  ports& known = origins_[origin_text(host)];
  const auto at = known.find({host, port});
  if (at != known.end() && at->second.result == found::nothing_yet) return plan::wait;
  if (at != known.end() && now < at->second.begun + interval_) {
    return at->second.result == found::open ? plan::reachable : plan::unreachable;
  }
  const auto shut = std::ranges::count_if(
      known, [&](const auto& one) { return one.second.result == found::shut && now < one.second.begun + interval_; });
  if (static_cast<std::size_t>(shut) >= shut_ports_max) return plan::unreachable;
  if (under_way(known) >= under_way_max) return plan::wait;
  known[{host, port}] = {now};
  return plan::dial;
}

void dial_backs::on_result(const std::string& host, std::uint16_t port, bool reachable) {
  origins_.at(origin_text(host)).at({host, port}).result = reachable ? found::open : found::shut;
}

void dial_backs::on_abandoned(const std::string& host, std::uint16_t port) {
  origins_.at(origin_text(host)).erase({host, port});
}

std::size_t dial_backs::under_way(const ports& known) {
  return static_cast<std::size_t>(
      std::ranges::count_if(known, [](const auto& one) { return one.second.result == found::nothing_yet; }));
}

std::size_t dial_backs::room(const std::string& host) const {
  const auto at = origins_.find(origin_text(host));
  return at == origins_.end() ? under_way_max : under_way_max - under_way(at->second);
}

std::size_t dial_backs::size() const {
  std::size_t all = 0;
  for (const auto& [origin, known] : origins_) all += known.size();
  return all;
}

}  // namespace shoal
