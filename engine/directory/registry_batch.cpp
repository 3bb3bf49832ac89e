// registry: what is told, to whom and when.

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "directory/registry.hpp"

namespace shoal {

time_point registry::batch_due() const {
  return changed_at_ == never ? never : std::max(changed_at_, batch_at_ + std::max(batch_interval, batch_pause_));
}

time_point registry::answer_due() const {
  return watched_at_ == never ? never : std::max(watched_at_, answered_at_ + answer_interval);
}

time_point registry::next_deadline() const {
  return std::min({batch_due(), answer_due(), resyncs_.empty() ? never : resyncs_.begin()->first});
}

tracking::delta registry::take_delta() {
  tracking::delta delta;
  for (const peer_id& peer : peers_changed_) {
    const auto session = session_of_.find(peer);
    if (session != session_of_.end()) {
      delta.joined.push_back(sessions_.at(session->second).row);
      peers_announced_.insert(peer);
    } else if (peers_announced_.erase(peer) != 0) {
      delta.left.push_back(peer);
    }
  }
  peers_changed_.clear();
  decide_contested();
  for (const share_id& id : shares_changed_) {
    share_state& share = shares_.at(id);
    const tracking::share_row& row = share.row;
    if (share.holders.empty()) {
      if (share.announced) delta.withdrawn.push_back(id);
    } else if (share.announced && !share.published_anew) {
      delta.progress.push_back({id, row.seeders, row.leechers, row.held});
    } else {
      delta.published.push_back(row);
    }
    share.announced = !share.holders.empty();
    share.published_anew = false;
  }
  return delta;
}

tracking::endpoint_row registry::endpoint_of(const session_state& state, const share_state& share, const holder& one) {
  return {state.row.peer, state.row.address, state.row.port, one.have >= bytes_of(share, one)};
}

void registry::answer_watchers(bool newcomers_too, batch& into) {
  for (const share_id& id : swarms_asked_) {
    share_state& share = shares_.at(id);
    if (share.watchers_new.empty()) continue;
    addressed<tracking::swarm> complete;
    complete.message.id = id;
    for (const auto& [session, one] : share.holders) {
      const session_state& state = sessions_.at(session);
      if (handed_out(state)) complete.message.joined.push_back(endpoint_of(state, share, one));
    }
    for (const tracker_session_id watcher : share.watchers_new) {
      if (newcomers_too || sessions_.at(watcher).synced) complete.to.push_back(watcher);
    }
    if (!complete.to.empty()) into.swarms.push_back(std::move(complete));
  }
}

void registry::take_swarm_change(const share_id& id, share_state& share, batch& into) {
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
  answer_watchers(all, out);
  if (all) {
    for (const share_id& id : swarms_changed_) take_swarm_change(id, shares_.at(id), out);
    swarms_changed_.clear();
  }
  std::erase_if(swarms_asked_, [this, all](const share_id& id) {
    auto& waiting = shares_.at(id).watchers_new;
    std::erase_if(waiting, [this, all](tracker_session_id watcher) { return all || sessions_.at(watcher).synced; });
    return waiting.empty();
  });
  if (watched_at_ != never) answered_at_ = now;
  watched_at_ = never;
  if (!all) return out;
  batch_at_ = now;

  take_verdicts(now);
  tracking::delta delta = take_delta();
  changed_at_ = !contested_.empty() ? now : claims_.waits() ? verdicts_at_ : never;
  for (const share_id& id : shares_changed_) {
    const auto share = shares_.find(id);
    if (share->second.holders.empty() && share->second.watchers.empty()) shares_.erase(share);
  }
  shares_changed_.clear();
  out.wanted = std::exchange(wanted_, {});

  const bool something = !delta.joined.empty() || !delta.left.empty() || !delta.published.empty() ||
                         !delta.withdrawn.empty() || !delta.progress.empty();
  if (something) {
    delta.seq = ++seq_;
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
  all.peers.reserve(peer_count());
  for (const auto& [session, state] : sessions_) {
    if (!state.looks) all.peers.push_back(state.row);
  }
  all.shares.reserve(shares_.size());
  for (const auto& [id, share] : shares_) {
    if (!share.holders.empty()) all.shares.push_back(share.row);
  }
  return all;
}

}  // namespace shoal
