#include "core/fair_places.hpp"

#include <tuple>

#include "core/assert.hpp"

namespace shoal {

fair_places::place_id fair_places::take(const address_group& origin, time_point now) {
  places_.emplace(next_, place{origin, now, false});
  ++held_[origin];
  return next_++;
}

void fair_places::on_use(place_id place, time_point now) {
  const auto at = places_.find(place);
  if (at == places_.end()) return;
  at->second.useful = now;
  at->second.used = true;
}

void fair_places::leave(place_id place) {
  const auto at = places_.find(place);
  SHOAL_ASSERT(at != places_.end());
  const auto holder = held_.find(at->second.origin);
  if (--holder->second == 0) held_.erase(holder);
  places_.erase(at);
}

std::size_t fair_places::held_by(const address_group& origin) const {
  const auto at = held_.find(origin);
  return at == held_.end() ? 0 : at->second;
}

std::optional<fair_places::place_id> fair_places::next_to_leave(const address_group& origin) const {
  // The newcomer counts as if it had its place already. So nobody gets in at the cost of somebody who holds no more.
  address_group most = origin;
  std::size_t count = held_by(origin) + 1;
  for (const auto& [holder, held] : held_) {
    if (held <= count) continue;
    most = holder;
    count = held;
  }
  if (const auto found = least_useful(most)) return found;
  // Everybody holds one, the newcomer none.
  const place* least = nullptr;
  std::optional<place_id> chosen;
  for (const auto& [id, one] : places_) {
    if (least != nullptr && std::tie(least->used, least->useful) <= std::tie(one.used, one.useful)) continue;
    least = &one;
    chosen = id;
  }
  return chosen;
}

std::optional<fair_places::place_id> fair_places::least_useful(const address_group& origin) const {
  const place* least = nullptr;
  std::optional<place_id> chosen;
  for (const auto& [id, one] : places_) {
    if (one.origin != origin) continue;
    if (least != nullptr && std::tie(least->used, least->useful) <= std::tie(one.used, one.useful)) continue;
    least = &one;
    chosen = id;
  }
  return chosen;
}

}  // namespace shoal
