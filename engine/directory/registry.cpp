#include "directory/registry.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"

namespace shoal {

void registry::mark_changed(time_point now) {
  if (changed_at_ == never) changed_at_ = now;
}

std::optional<tracker_session_id> registry::session_of(const peer_id& peer) const {
  const auto found = session_of_.find(peer);
  if (found == session_of_.end()) return std::nullopt;
  return found->second;
}

result<std::optional<tracker_session_id>> registry::on_join(tracker_session_id session, newcomer one, time_point now) {
  SHOAL_ASSERT(!sessions_.contains(session));
  const std::optional<tracker_session_id> replaced = session_of(one.row.peer);
  const auto standing = standing_of(one, now);
  const bool inherits = standing == id_owners::standing::asks && replaced && one.silent == replaced;
  if (standing != id_owners::standing::vacant && standing != id_owners::standing::owner && !inherits) {
    return id_owners::refusal(one.row.peer);
  }
  const bool same_address = replaced && sessions_.at(*replaced).observed == one.observed;
  const auto there = sessions_at_.find(one.observed);
  if (there != sessions_at_.end() && !same_address && there->second >= limits_.sessions_per_address_max) {
    return error{errc::limit, "too many peers connect from " + one.observed + ": this tracker takes " +
                                  std::to_string(limits_.sessions_per_address_max) + " from one address"};
  }
  if (!replaced && sessions_.size() >= limits_.peers_max) {
    return error{errc::limit,
                 "the tracker is full: it takes " + std::to_string(limits_.peers_max) + " peers; try later"};
  }
  if (replaced) drop_session(*replaced, now);

  owners_.on_join(one.row.peer, one.token, one.observed, now);
  ++sessions_at_[one.observed];
  session_of_[one.row.peer] = session;
  peers_changed_.insert(one.row.peer);
  newcomers_.insert(session);
  session_state& state = sessions_[session];
  state.row = std::move(one.row);
  state.observed = std::move(one.observed);
  mark_changed(now);
  return replaced;
}

void registry::set_holder(tracker_session_id session, session_state& state, const tracking::share_offer& offer) {
  share_state& share = shares_[offer.id];
  if (share.holders.empty() && !share.announced) share.row = {};
  share.row.id = offer.id;
  if (share.holders.empty()) describe(share, {offer.name, offer.bytes, offer.files});
  if (const publication best = merged(share.row.publication, offer.publication); best != share.row.publication) {
    share.row.publication = best;
    share.published_anew = true;
    shares_changed_.insert(offer.id);
  }
  const auto [at, is_new] = share.holders.try_emplace(session);
  holder& one = at->second;
  const holder before = one;
  if (!is_new) count(share, one, false);
  set_claim(share, one, offer);
  one.have = std::min(offer.have, bytes_of(share, one));
  count(share, one, true);
  if (!is_new && one.have == before.have && one.differs == before.differs) return;
  if (!share.others.empty()) contested_.insert(offer.id);
  if (is_new) {
    state.shares.insert(offer.id);
    if (!handed_out(state)) share.hidden.insert(session);
    if (handed_out(state) && !share.watchers.empty()) {
      share.touched.insert(state.row.peer);
      swarms_changed_.insert(offer.id);
    }
  }
  shares_changed_.insert(offer.id);
}

void registry::drop_holder(tracker_session_id session, session_state& state, const share_id& id) {
  share_state& share = shares_.at(id);
  const auto at = share.holders.find(session);
  count(share, at->second, false);
  drop_claim(share, at->second);
  share.holders.erase(at);
  share.hidden.erase(session);
  if (!share.others.empty()) contested_.insert(id);
  if (handed_out(state) && !share.watchers.empty()) {
    share.touched.insert(state.row.peer);
    swarms_changed_.insert(id);
  }
  shares_changed_.insert(id);
}

result<void> registry::on_publish(tracker_session_id session, const tracking::publish& message, time_point now) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return {};
  session_state& state = found->second;
  mark_changed(now);
  for (const tracking::share_offer& offer : message.shares) {
    if (!state.shares.contains(offer.id) && state.shares.size() >= limits_.shares_per_peer_max) {
      return error{errc::limit, "'" + offer.name + "' is not listed: this tracker takes " +
                                    std::to_string(limits_.shares_per_peer_max) +
                                    " shares of one peer; share folders instead of single files"};
    }
    set_holder(session, state, offer);
  }
  return {};
}

void registry::on_withdraw(tracker_session_id session, const tracking::withdraw& message, time_point now) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  for (const share_id& id : message.ids) {
    if (found->second.shares.erase(id) == 0) continue;
    drop_holder(session, found->second, id);
    mark_changed(now);
  }
}

void registry::on_progress(tracker_session_id session, const tracking::progress& message, time_point now) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || !found->second.shares.contains(message.id)) return;
  share_state& share = shares_.at(message.id);
  holder& one = share.holders.at(session);
  const std::uint64_t have = std::min(message.have, bytes_of(share, one));
  if (one.have == have) return;
  count(share, one, false);
  one.have = have;
  count(share, one, true);
  if (!share.others.empty()) contested_.insert(message.id);
  shares_changed_.insert(message.id);
  mark_changed(now);
}

void registry::on_hashing(tracker_session_id session, const tracking::hashing& message, time_point now) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || found->second.row.hashing == message.shares) return;
  found->second.row.hashing = message.shares;
  peers_changed_.insert(found->second.row.peer);
  mark_changed(now);
}

result<void> registry::on_watch(tracker_session_id session, const tracking::watch& message, time_point now) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return {};
  auto& watches = found->second.watches;
  if (!watches.contains(message.id) && watches.size() >= limits_.watches_per_peer_max) {
    return error{errc::limit, "share " + message.id.hex() + " is not watched: this tracker takes " +
                                  std::to_string(limits_.watches_per_peer_max) + " watches of one peer"};
  }
  watches.insert(message.id);
  share_state& share = shares_[message.id];
  share.row.id = message.id;
  share.watchers.insert(session);
  share.watchers_new.insert(session);
  swarms_asked_.insert(message.id);
  // A newcomer is told after its snapshot. The next batch brings that.
  if (found->second.synced && watched_at_ == never) watched_at_ = now;
  return {};
}

void registry::on_unwatch(tracker_session_id session, const tracking::unwatch& message) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || found->second.watches.erase(message.id) == 0) return;
  share_state& share = shares_.at(message.id);
  share.watchers.erase(session);
  share.watchers_new.erase(session);
  // The share is forgotten here unless some peer holds it, or a batch must still say that nobody does.
  if (share.holders.empty() && share.watchers.empty() && !share.announced) {
    shares_changed_.erase(message.id);
    swarms_changed_.erase(message.id);
    swarms_asked_.erase(message.id);
    shares_.erase(message.id);
  }
}

void registry::on_unreached(tracker_session_id session, const tracking::unreached& message, time_point now) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || !found->second.watches.contains(message.id)) return;
  session_state& state = found->second;
  // No holder is sent to an address at which no peer of this swarm was found.
  if (!handed_out(state)) return;
  if (state.unreached_at != time_point::min() && now < state.unreached_at + unreached_interval) return;
  state.unreached_at = now;
  share_state& share = shares_.at(message.id);
  addressed<tracking::wanted> call{{message.id, state.row.peer, state.row.address, state.row.port}, {}};
  for (const peer_id& peer : message.peers) {
    const auto holder = session_of_.find(peer);
    if (holder == session_of_.end() || holder->second == session || !share.holders.contains(holder->second)) continue;
    if (!std::ranges::count(call.to, holder->second)) call.to.push_back(holder->second);
  }
  call_hidden(share, session, call.to);
  if (call.to.empty()) return;
  wanted_.push_back(std::move(call));
  mark_changed(now);
}

void registry::call_hidden(share_state& share, tracker_session_id caller, std::vector<tracker_session_id>& to) const {
  // Each holder is looked at once at most.
  for (std::size_t left = std::min(share.hidden.size(), callees_max); left > 0; --left) {
    auto next = share.hidden.upper_bound(share.called_last);
    if (next == share.hidden.end()) next = share.hidden.begin();
    share.called_last = *next;
    const holder& one = share.holders.at(*next);
    const bool has_something = one.have > 0 || bytes_of(share, one) == 0;
    if (has_something && *next != caller && !std::ranges::count(to, *next)) to.push_back(*next);
  }
}

void registry::on_resync(tracker_session_id session, time_point now) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  found->second.synced = false;
  newcomers_.insert(session);
  mark_changed(now);
}

bool registry::drop_session(tracker_session_id session, time_point now) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return false;
  session_state& state = found->second;
  // Watches first, so that the session's own leaving is not noted for itself.
  const auto watches = state.watches;
  for (const share_id& id : watches) on_unwatch(session, tracking::unwatch{id});
  for (const share_id& id : state.shares) drop_holder(session, state, id);
  peers_changed_.insert(state.row.peer);
  newcomers_.erase(session);
  session_of_.erase(state.row.peer);
  owners_.on_leave(state.row.peer, now);
  const auto there = sessions_at_.find(state.observed);
  if (--there->second == 0) sessions_at_.erase(there);
  sessions_.erase(found);
  return true;
}

void registry::on_leave(tracker_session_id session, time_point now) {
  if (drop_session(session, now)) mark_changed(now);
}

time_point registry::batch_due() const {
  return changed_at_ == never ? never : std::max(changed_at_, batch_at_ + batch_interval);
}

time_point registry::answer_due() const {
  return watched_at_ == never ? never : std::max(watched_at_, answered_at_ + answer_interval);
}

time_point registry::next_deadline() const {
  return std::min(batch_due(), answer_due());
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

  tracking::delta delta = take_delta();
  changed_at_ = contested_.empty() ? never : now;
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
  all.peers.reserve(sessions_.size());
  for (const auto& [session, state] : sessions_) all.peers.push_back(state.row);
  all.shares.reserve(shares_.size());
  for (const auto& [id, share] : shares_) {
    if (!share.holders.empty()) all.shares.push_back(share.row);
  }
  return all;
}

}  // namespace shoal
