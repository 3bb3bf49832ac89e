#include "directory/dial_backs.hpp"

#include <algorithm>

namespace shoal {

void dial_backs::forget(time_point now) {
  // Often enough to bound the memory, and rarely enough to cost nothing.
  if (forgotten_at_ != time_point::min() && now < forgotten_at_ + interval / 4) return;
  forgotten_at_ = now;
  for (auto host = hosts_.begin(); host != hosts_.end();) {
    std::erase_if(host->second, [now](const auto& one) {
      return one.second.result != found::nothing_yet && now >= one.second.begun + interval;
    });
    host = host->second.empty() ? hosts_.erase(host) : std::next(host);
  }
}

dial_backs::plan dial_backs::next(const std::string& host, std::uint16_t port, time_point now) {
  forget(now);
  ports& known = hosts_[host];
  const auto at = known.find(port);
  if (at != known.end() && at->second.result == found::nothing_yet) return plan::wait;
  if (at != known.end() && now < at->second.begun + interval) {
    return at->second.result == found::open ? plan::reachable : plan::unreachable;
  }
  const auto shut = std::ranges::count_if(
      known, [now](const auto& one) { return one.second.result == found::shut && now < one.second.begun + interval; });
  if (static_cast<std::size_t>(shut) >= shut_ports_max) return plan::unreachable;
  if (under_way(known) >= under_way_max) return plan::wait;
  known[port] = {now};
  return plan::dial;
}

void dial_backs::on_result(const std::string& host, std::uint16_t port, bool reachable) {
  hosts_.at(host).at(port).result = reachable ? found::open : found::shut;
}

std::size_t dial_backs::under_way(const ports& known) {
  return static_cast<std::size_t>(
      std::ranges::count_if(known, [](const auto& one) { return one.second.result == found::nothing_yet; }));
}

std::size_t dial_backs::room(const std::string& host) const {
  const auto at = hosts_.find(host);
  return at == hosts_.end() ? under_way_max : under_way_max - under_way(at->second);
}

std::size_t dial_backs::size() const {
  std::size_t all = 0;
  for (const auto& [host, known] : hosts_) all += known.size();
  return all;
}

}  // namespace shoal
