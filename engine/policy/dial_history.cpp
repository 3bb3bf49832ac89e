#include "policy/dial_history.hpp"

#include <algorithm>

#include "core/address_group.hpp"
#include "core/assert.hpp"

namespace shoal {

time_point dial_history::earliest(const std::string& host, std::uint16_t port, time_point now) const {
  const auto known = origins_.find(origin_text(host));
  if (known == origins_.end()) return now;
  time_point when = now;
  if (const auto at = known->second.find({host, port}); at != known->second.end()) {
    const place& one = at->second;
    if (is_proved(one, now)) return now;
    if (one.under_way > 0) return now + result_interval;
    if (one.failed) when = std::max(when, one.dialled + interval);
  }
  std::size_t count = 0;
  time_point first_ends = never;
  for (const auto& [other, one] : known->second) {
    if (!counts(one, now)) continue;
    ++count;
    first_ends = std::min(first_ends, one.under_way > 0 ? now + origin_interval : one.dialled + interval);
  }
  return count < failures_per_origin_max ? when : std::max(when, first_ends);
}

bool dial_history::has_failed(const std::string& host, std::uint16_t port, time_point now) const {
  const auto known = origins_.find(origin_text(host));
  if (known == origins_.end()) return false;
  const auto at = known->second.find({host, port});
  return at != known->second.end() && at->second.failed && now < at->second.dialled + interval;
}

dial_history::place& dial_history::place_of(const std::string& host, std::uint16_t port) {
  return origins_.at(origin_text(host)).at({host, port});
}

void dial_history::on_dial(const std::string& host, std::uint16_t port, time_point now) {
  forget(now);
  place& one = origins_[origin_text(host)][{host, port}];
  one.dialled = now;
  ++one.under_way;
}

void dial_history::on_proved(const std::string& host, std::uint16_t port, time_point now) {
  place& one = place_of(host, port);
  SHOAL_ASSERT(one.under_way > 0);
  --one.under_way;
  one.proved = now;
  one.failed = false;
}

void dial_history::on_failed(const std::string& host, std::uint16_t port, time_point now) {
  place& one = place_of(host, port);
  SHOAL_ASSERT(one.under_way > 0);
  --one.under_way;
  one.failed = !is_proved(one, now);
}

void dial_history::on_seen(const std::string& host, std::uint16_t port, time_point now) {
  forget(now);
  place& one = origins_[origin_text(host)][{host, port}];
  one.proved = now;
  one.failed = false;
}

void dial_history::on_not_made(const std::string& host, std::uint16_t port) {
  place& one = place_of(host, port);
  SHOAL_ASSERT(one.under_way > 0);
  --one.under_way;
  one.failed = false;
}

void dial_history::on_new_way() {
  for (auto& [origin, known] : origins_) {
    for (auto& [where, one] : known) one.failed = false;
  }
}

void dial_history::forget(time_point now) {
  // Often enough to bound the memory, and rarely enough to cost nothing.
  if (forgotten_at_ != time_point::min() && now < forgotten_at_ + interval / 4) return;
  forgotten_at_ = now;
  for (auto origin = origins_.begin(); origin != origins_.end();) {
    std::erase_if(origin->second, [now](const auto& one) {
      return one.second.under_way == 0 && !is_proved(one.second, now) && now >= one.second.dialled + interval;
    });
    origin = origin->second.empty() ? origins_.erase(origin) : std::next(origin);
  }
}

std::size_t dial_history::size() const {
  std::size_t all = 0;
  for (const auto& [origin, known] : origins_) all += known.size();
  return all;
}

}  // namespace shoal
