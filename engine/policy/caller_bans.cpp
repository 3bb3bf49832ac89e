#include "policy/caller_bans.hpp"

#include <algorithm>

namespace shoal {

void caller_bans::on_liar(const peer_id& id, const address_group& origin, time_point now) {
  const bool known = callers_.contains({origin, id});
  if (!known && callers_.size() >= caller_bans_max) callers_.erase(callers_.begin());
  callers_[{origin, id}].on_lie(now);
  if (known) return;
  if (origins_.size() >= caller_bans_max && !origins_.contains(origin)) return;
  record& at = origins_[origin];
  if (++at.liars < liars_per_origin) return;
  const std::size_t doublings = std::min<std::size_t>(at.liars - liars_per_origin, 6);
  at.until = now + std::min<duration>(origin_ban_min * (1 << doublings), origin_ban_max);
}

bool caller_bans::banned(const peer_id& id, const address_group& origin, time_point now) const {
  const auto caller = callers_.find({origin, id});
  if (caller != callers_.end() && caller->second.in_force(now)) return true;
  const auto at = origins_.find(origin);
  return at != origins_.end() && now < at->second.until;
}

std::size_t caller_bans::count(time_point now) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(callers_, [now](const auto& one) { return one.second.in_force(now); }));
}

}  // namespace shoal
