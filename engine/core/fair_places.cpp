#include "core/fair_places.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace shoal {

fair_places::place_id fair_places::take(const address_group& origin, time_point now) {
  places_.emplace(next_, place{origin, now, now, false});
  ++held_[origin];
  return next_++;
}

void fair_places::on_use(place_id place, time_point when) {
  const auto at = places_.find(place);
  if (at == places_.end()) return;
  at->second.useful = std::max(at->second.useful, when);
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

bool fair_places::above_part(place_id place, std::size_t places, const address_group& newcomer) const {
  const auto at = places_.find(place);
  // Within one origin nobody gains by it.
  if (at == places_.end() || at->second.origin == newcomer) return false;
  const std::size_t origins = held_.size() + (held_.contains(newcomer) ? 0 : 1);
  return held_by(at->second.origin) > (places + origins - 1) / origins;
}

bool fair_places::in_grace(place_id place, time_point now) const {
  const auto at = places_.find(place);
  return at != places_.end() && rank_of(at->second, now).how == worth::in_grace;
}

std::optional<fair_places::place_id> fair_places::next_to_leave(const address_group& origin, time_point now) const {
  // The newcomer counts as if it had its place already. So nobody gets in at the cost of somebody who holds no more.
  address_group most = origin;
  std::size_t count = held_by(origin) + 1;
  for (const auto& [holder, held] : held_) {
    if (held <= count) continue;
    most = holder;
    count = held;
  }
  if (most != origin) return least(&most, now);
  // Otherwise everybody holds one, the newcomer none.
  const auto found = held_by(origin) > 0 ? least(&origin, now) : least(nullptr, now);
  if (found && origin != address_group() && in_grace(*found, now)) return std::nullopt;
  return found;
}

std::optional<fair_places::place_id> fair_places::least_useful(const address_group& origin, time_point now) const {
  return least(&origin, now);
}

fair_places::rank fair_places::rank_of(const place& one, time_point now) const {
  worth how = worth::none;
  if (one.used && now - one.useful < useful_for) {
    how = worth::useful;
  } else if (!one.used && now - one.begun < grace_) {
    how = worth::in_grace;
  }
  return {how, one.useful};
}

std::optional<fair_places::place_id> fair_places::least(const address_group* origin, time_point now) const {
  std::optional<place_id> chosen;
  rank lowest{};
  for (const auto& [id, one] : places_) {
    if (origin != nullptr && one.origin != *origin) continue;
    const rank its = rank_of(one, now);
    if (chosen && lowest <= its) continue;
    lowest = its;
    chosen = id;
  }
  return chosen;
}

}  // namespace shoal
