#include "directory/share_crowd.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"

namespace shoal {

void share_crowd::on_holder(tracker_session_id holder, bool seeder) {
  (seeder ? seeders_ : leechers_).insert(holder);
  if (watchers_.size() > 0) unknown_.push_back(holder);
}

void share_crowd::on_seeder(tracker_session_id holder, bool seeder) {
  if ((seeder ? leechers_ : seeders_).erase(holder)) (seeder ? seeders_ : leechers_).insert(holder);
}

void share_crowd::on_holder_gone(tracker_session_id holder, const peer_id& peer) {
  if (!seeders_.erase(holder) && !leechers_.erase(holder)) return;
  std::erase(unknown_, holder);
  const auto told = told_to_.extract(holder);
  if (!told) return;
  for (const tracker_session_id watcher : told.mapped()) {
    sessions& known = told_.at(watcher);
    std::erase(known, holder);
    left_[watcher].push_back(peer);
    if (known.size() < limits_.told_min) poor_.insert(watcher);
  }
}

void share_crowd::forget(tracker_session_id watcher) {
  const auto known = told_.extract(watcher);
  if (!known) return;
  for (const tracker_session_id holder : known.mapped()) {
    const auto at = told_to_.find(holder);
    std::erase(at->second, watcher);
    if (at->second.empty()) told_to_.erase(at);
  }
}

void share_crowd::on_watcher_gone(tracker_session_id watcher) {
  forget(watcher);
  watchers_.erase(watcher);
  left_.erase(watcher);
  poor_.erase(watcher);
}

void share_crowd::tell(tracker_session_id watcher, tracker_session_id holder) {
  told_[watcher].push_back(holder);
  told_to_[holder].push_back(watcher);
}

std::vector<tracker_session_id> share_crowd::choose(const std::vector<tracker_session_id>& watchers) {
  const std::size_t all = holder_count();
  const std::size_t count = std::min(limits_.told_max, all);
  // As many seeders as there are among all, or so many that a choice always has some.
  std::size_t seeders = all == 0 ? 0 : count * seeders_.size() / all;
  seeders = std::min({std::max(seeders, limits_.seeders_min), seeders_.size(), count});
  const std::size_t leechers = std::min(count - seeders, leechers_.size());
  sessions chosen = seeders_.draw(count - leechers, random_);
  const sessions others = leechers_.draw(leechers, random_);
  chosen.insert(chosen.end(), others.begin(), others.end());
  for (const tracker_session_id watcher : watchers) {
    on_watcher_gone(watcher);
    watchers_.insert(watcher);
    for (const tracker_session_id holder : chosen) {
      // Nobody is told of itself.
      if (holder != watcher) tell(watcher, holder);
    }
  }
  return chosen;
}

std::vector<share_crowd::news> share_crowd::take_news(const std::function<bool(tracker_session_id)>& watches) {
  std::unordered_map<tracker_session_id, news> all;
  const auto of = [&all](tracker_session_id watcher) -> news& {
    return all.try_emplace(watcher, news{watcher, {}, {}}).first->second;
  };
  for (auto& [watcher, peers] : std::exchange(left_, {})) of(watcher).left = std::move(peers);
  for (const tracker_session_id holder : std::exchange(unknown_, {})) {
    // It connects to those of its own choice.
    if (watches(holder)) continue;
    for (const tracker_session_id watcher : watchers_.draw(limits_.told_max, random_)) {
      const auto known = told_to_.find(holder);
      if (known != told_to_.end() && std::ranges::count(known->second, watcher) != 0) continue;
      tell(watcher, holder);
      of(watcher).joined.push_back(holder);
    }
  }
  for (const tracker_session_id watcher : std::exchange(poor_, {})) {
    if (told_[watcher].size() >= limits_.told_min) continue;
    auto left = std::move(of(watcher).left);
    of(watcher).joined = choose({watcher});
    of(watcher).left = std::move(left);
  }
  std::vector<news> out;
  out.reserve(all.size());
  for (auto& [watcher, one] : all) out.push_back(std::move(one));
  return out;
}

void share_crowd::check_invariants() const {
  std::size_t told = 0;
  for (const auto& [watcher, known] : told_) {
    SHOAL_ASSERT(watchers_.contains(watcher));
    told += known.size();
    for (const tracker_session_id holder : known) {
      SHOAL_ASSERT(holder != watcher && (seeders_.contains(holder) != leechers_.contains(holder)));
      SHOAL_ASSERT(std::ranges::count(told_to_.at(holder), watcher) == 1);
    }
  }
  for (const auto& [holder, watchers] : told_to_) {
    SHOAL_ASSERT(!watchers.empty());
    told -= watchers.size();
  }
  SHOAL_ASSERT(told == 0);
  for (const auto& [watcher, peers] : left_) SHOAL_ASSERT(watchers_.contains(watcher) && !peers.empty());
  for (const tracker_session_id watcher : poor_) SHOAL_ASSERT(watchers_.contains(watcher));
}

}  // namespace shoal
