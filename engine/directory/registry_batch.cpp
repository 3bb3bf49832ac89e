// registry: what is told, to whom and when.

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "directory/registry.hpp"

namespace shoal {

namespace {

// By more than a hundredth.
bool differs(std::uint64_t told, std::uint64_t now) {
  return std::max(told, now) - std::min(told, now) > told / 100;
}

}  // namespace

time_point registry::batch_due() const {
  return changed_at_ == never ? never : std::max(changed_at_, batch_at_ + std::max(batch_interval, batch_pause_));
}

time_point registry::answer_due() const {
  return watched_at_ == never ? never : std::max(watched_at_, answered_at_ + answer_interval);
}

time_point registry::next_deadline() const {
  return std::min({batch_due(), answer_due(), resyncs_.empty() ? never : resyncs_.begin()->first});
}

void registry::choose_listed() {
  const bool all = peer_count() <= (lists_all_ ? limits_.listed_peers_max : limits_.listed_peers_max / 2);
  if (all == lists_all_) return;
  lists_all_ = all;
  for (const auto& [peer, session] : session_of_) peers_changed_.insert(peer);
  // With the first peer that has no row the rows of all are void.
  if (!all) peers_announced_.clear();
}

bool registry::is_news(const share_state& share) const {
  if (lists_all_) return true;
  return differs(share.told.seeders, share.row.seeders) || differs(share.told.leechers, share.row.leechers) ||
         differs(share.told.held, share.row.held);
}

tracking::delta registry::take_delta(time_point now) {
  tracking::delta delta;
  choose_listed();
  for (const peer_id& peer : peers_changed_) {
    const auto session = session_of_.find(peer);
    if (session != session_of_.end() && is_listed(sessions_.at(session->second))) {
      delta.joined.push_back(sessions_.at(session->second).row);
      peers_announced_.insert(peer);
    } else if (peers_announced_.erase(peer) != 0) {
      delta.left.push_back(peer);
    }
  }
  peers_changed_.clear();
  decide_contested();
  if (lists_all_ || now >= small_changes_at_ + small_changes_interval) {
    shares_changed_.merge(small_changes_);
    small_changes_.clear();
    small_changes_at_ = now;
  }
  const bool all_numbers = small_changes_at_ == now;
  for (const share_id& id : shares_changed_) {
    share_state& share = shares_.at(id);
    const tracking::share_row& row = share.row;
    small_changes_.erase(id);
    if (share.holders.empty()) {
      if (share.announced) delta.withdrawn.push_back(id);
    } else if (!share.announced || share.published_anew) {
      delta.published.push_back(row);
    } else if (all_numbers || is_news(share)) {
      delta.progress.push_back({id, row.seeders, row.leechers, row.held});
    } else {
      small_changes_.insert(id);
      continue;
    }
    share.told = {id, row.seeders, row.leechers, row.held};
    share.announced = !share.holders.empty();
    share.published_anew = false;
  }
  return delta;
}

tracking::endpoint_row registry::endpoint_of(const session_state& state, const share_state& share, const holder& one) {
  return {state.row.peer, state.row.address, state.row.port, one.have >= bytes_of(share, one)};
}

bool registry::answer(share_state& share, std::vector<tracker_session_id> watchers, std::size_t& choices, batch& into) {
  addressed<tracking::swarm> complete;
  complete.message.id = share.row.id;
  const auto add = [&](tracker_session_id holder) {
    complete.message.joined.push_back(endpoint_of(sessions_.at(holder), share, share.holders.at(holder)));
  };
  if (!share.crowd) {
    for (const auto& [session, one] : share.holders) {
      if (handed_out(sessions_.at(session))) add(session);
    }
    for (const tracker_session_id watcher : watchers) share.watchers_new.erase(watcher);
    complete.to = std::move(watchers);
    into.swarms.push_back(std::move(complete));
    return true;
  }
  for (std::size_t at = 0; at < watchers.size(); at += watchers_per_choice) {
    if (choices == 0) return false;
    --choices;
    const std::size_t end = std::min(at + watchers_per_choice, watchers.size());
    complete.to.assign(watchers.begin() + static_cast<std::ptrdiff_t>(at),
                       watchers.begin() + static_cast<std::ptrdiff_t>(end));
    complete.message.joined.clear();
    for (const tracker_session_id holder : share.crowd->choose(complete.to)) add(holder);
    for (const tracker_session_id watcher : complete.to) share.watchers_new.erase(watcher);
    into.swarms.push_back(complete);
  }
  return true;
}

void registry::answer_watchers(time_point now, bool newcomers_too, batch& into) {
  std::size_t choices = choices_at_once;
  bool all = true;
  std::erase_if(swarms_asked_, [&](const share_id& id) {
    share_state& share = shares_.at(id);
    std::vector<tracker_session_id> ready;
    for (const tracker_session_id watcher : share.watchers_new) {
      if (newcomers_too || sessions_.at(watcher).synced) ready.push_back(watcher);
    }
    if (!ready.empty()) all = answer(share, std::move(ready), choices, into) && all;
    return share.watchers_new.empty();
  });
  if (watched_at_ != never) answered_at_ = now;
  watched_at_ = all ? never : now;
}

void registry::take_swarm_change(const share_id& id, share_state& share, batch& into) {
  if (share.crowd) return take_crowd_news(share, into);
  addressed<tracking::swarm> change;
  change.message.id = id;
  for (const peer_id& peer : share.touched) {
    const auto session = session_of_.find(peer);
    const auto holder = session == session_of_.end() ? share.holders.end() : share.holders.find(session->second);
    if (holder != share.holders.end() && handed_out(sessions_.at(session->second))) {
      change.message.joined.push_back(endpoint_of(sessions_.at(session->second), share, holder->second));
    } else {
      change.message.left.push_back(peer);
    }
  }
  for (const tracker_session_id watcher : share.watchers) {
    if (!share.watchers_new.contains(watcher)) change.to.push_back(watcher);
  }
  if (!share.touched.empty() && !change.to.empty()) into.swarms.push_back(std::move(change));
  share.touched.clear();
}

registry::batch registry::next_batch(time_point now) {
  batch out;
  if (now < next_deadline()) return out;
  while (!resyncs_.empty() && resyncs_.begin()->first <= now) {
    const tracker_session_id session = resyncs_.begin()->second;
    resyncs_.erase(resyncs_.begin());
    session_state& state = sessions_.at(session);
    state.resync_waits = false;
    state.resync_after = now + resync_interval;
    newcomers_.insert(session);
    mark_changed(now);
  }
  const bool all = now >= batch_due();
  answer_watchers(now, all, out);
  if (all) {
    for (const share_id& id : swarms_changed_) take_swarm_change(id, shares_.at(id), out);
    swarms_changed_.clear();
  }
  if (!all) return out;
  batch_at_ = now;

  take_verdicts(now);
  tracking::delta delta = take_delta(now);
  changed_at_ = !contested_.empty() ? now : claims_.waits() ? verdicts_at_ : never;
  if (!small_changes_.empty()) mark_changed(small_changes_at_ + small_changes_interval);
  for (const share_id& id : shares_changed_) {
    const auto share = shares_.find(id);
    if (share->second.holders.empty() && share->second.watchers.empty()) shares_.erase(share);
  }
  shares_changed_.clear();
  out.wanted = std::exchange(wanted_, {});

  const bool something = !delta.joined.empty() || !delta.left.empty() || !delta.published.empty() ||
                         !delta.withdrawn.empty() || !delta.progress.empty() || differs(unlisted_told_, unlisted());
  if (something) {
    delta.seq = ++seq_;
    delta.unlisted = unlisted_told_ = unlisted();
    addressed<tracking::delta> to_all{std::move(delta), {}};
    for (const auto& [session, state] : sessions_) {
      if (state.synced) to_all.to.push_back(session);
    }
    if (!to_all.to.empty()) out.delta = std::move(to_all);
  }
  if (!newcomers_.empty()) {
    addressed<tracking::snapshot> to_new{snapshot(), {newcomers_.begin(), newcomers_.end()}};
    for (const tracker_session_id session : newcomers_) sessions_.at(session).synced = true;
    newcomers_.clear();
    out.snapshot = std::move(to_new);
  }
  return out;
}

tracking::snapshot registry::snapshot() const {
  tracking::snapshot all;
  all.seq = seq_;
  all.peers.reserve(peers_announced_.size());
  for (const auto& [session, state] : sessions_) {
    if (!state.looks && is_listed(state)) all.peers.push_back(state.row);
  }
  all.unlisted = static_cast<std::uint32_t>(peer_count() - all.peers.size());
  all.shares.reserve(shares_.size());
  for (const auto& [id, share] : shares_) {
    if (!share.holders.empty()) all.shares.push_back(share.row);
  }
  return all;
}

tracking::peers_page registry::page(const tracking::list_peers& wanted) const {
  tracking::peers_page page;
  page.after = wanted.after;
  std::size_t bytes = 0;
  auto at = session_of_.upper_bound(wanted.after);
  for (; at != session_of_.end() && page.peers.size() < tracking::peers_per_page_max; ++at) {
    const tracking::peer_row& row = sessions_.at(at->second).row;
    bytes += tracking::encoded_bytes_max(row);
    if (bytes > tracking::page_bytes_max && !page.peers.empty()) break;
    page.peers.push_back(row);
  }
  page.last = at == session_of_.end();
  return page;
}

}  // namespace shoal
