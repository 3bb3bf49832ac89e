#include "directory/registry.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"

namespace shoal {

std::size_t registry::holders_of(const share_id& id) const {
  const auto found = shares_.find(id);
  return found == shares_.end() ? 0 : found->second.holders.size();
}

void registry::mark_changed(const session_state& by, time_point now) {
  mark_changed(by.talkative ? now + talkative_delay(talkative_interval) : now);
}

void registry::on_talkative(tracker_session_id session, bool is_so) {
  if (const auto found = sessions_.find(session); found != sessions_.end()) found->second.talkative = is_so;
}

void registry::mark_changed(time_point when) {
  changed_at_ = std::min(changed_at_, when);
}

registry::session_state* registry::find_peer(tracker_session_id session) {
  const auto found = sessions_.find(session);
  return found == sessions_.end() || found->second.looks ? nullptr : &found->second;
}

std::optional<tracker_session_id> registry::session_of(const peer_id& peer) const {
  const auto found = session_of_.find(peer);
  if (found == session_of_.end()) return std::nullopt;
  return found->second;
}

result<std::optional<tracker_session_id>> registry::on_join(tracker_session_id session, newcomer one, time_point now) {
  SHOAL_ASSERT(!sessions_.contains(session));
  const std::optional<tracker_session_id> replaced = session_of(one.row.peer);
  const auto relation = relation_of(one, now);
  const bool inherits = relation == id_owners::relation::asks && replaced && one.silent == replaced;
  if (relation != id_owners::relation::vacant && relation != id_owners::relation::owner && !inherits) {
    return id_owners::refusal(one.row.peer);
  }
  const bool same_address = replaced && sessions_.at(*replaced).at->first == one.observed;
  const auto there = addresses_.find(one.observed);
  if (there != addresses_.end() && !same_address &&
      there->second.sessions - there->second.lookers >= limits_.sessions_per_address_max) {
    return error{errc::limit, "too many peers connect from " + one.observed + ": this tracker takes " +
                                  std::to_string(limits_.sessions_per_address_max) + " from one address"};
  }
  if (!replaced && peer_count() >= limits_.peers_max) {
    return error{errc::limit,
                 "the tracker is full: it takes " + std::to_string(limits_.peers_max) + " peers; try later"};
  }
  const auto room = check_room("the tracker is full", one.observed, tracking::encoded_bytes_max(one.row));
  if (!replaced && !room) return room.error();
  if (replaced) drop_session(*replaced, now);

  owners_.on_join(one.row.peer, one.token, one.observed, now);
  session_of_[one.row.peer] = session;
  peers_changed_.insert(one.row.peer);
  newcomers_.insert(session);
  session_state& state = sessions_[session];
  state.row = std::move(one.row);
  state.at = &*addresses_.try_emplace(std::move(one.observed)).first;
  ++state.at->second.sessions;
  charge(state);
  mark_changed(now);
  return replaced;
}

void registry::set_holder(tracker_session_id session, session_state& state, const tracking::share_offer& offer) {
  share_state& share = shares_[offer.id];
  if (share.holders.empty() && !share.announced) share.row = {};
  share.row.id = offer.id;
  if (share.holders.empty()) {
    // A publication is of one name.
    if (share.row.name != offer.name) share.row.publication = offer.publication;
    describe(share, {offer.name, offer.bytes, offer.files});
    charge(share, &state.at->second);
  }
  on_publication(share, {offer.name, offer.bytes, offer.files}, offer.publication);
  const auto [at, is_new] = share.holders.try_emplace(session);
  holder& one = at->second;
  const holder before = one;
  if (!is_new) count(share, one, false);
  set_claim(share, one, offer);
  one.have = std::min(offer.have, bytes_of(share, one));
  count(share, one, true);
  on_have(share, session, one);
  if (!is_new && one.have == before.have && one.differs == before.differs) return;
  if (!share.others.empty()) contested_.insert(offer.id);
  if (is_new) {
    charge_absent(share);
    state.shares.insert(offer.id);
    ++state.at->second.offers;
    if (handed_out(state)) {
      on_handed_out(share, session, state.row.peer);
    } else {
      share.hidden.insert(session);
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
  if (handed_out(state)) on_not_handed_out(share, session, state.row.peer);
  --state.at->second.offers;
  if (share.holders.empty()) {
    charge(share, nullptr);
    charge_absent(share);
  } else if (share.payer == &state.at->second) {
    charge(share, &sessions_.at(share.holders.begin()->first).at->second);
  }
  if (!share.others.empty()) contested_.insert(id);
  shares_changed_.insert(id);
}

result<void> registry::on_publish(tracker_session_id session, const tracking::publish& message, time_point now) {
  session_state* const found = find_peer(session);
  if (found == nullptr) return {};
  session_state& state = *found;
  mark_changed(state, now);
  for (const tracking::share_offer& offer : message.shares) {
    if (const auto room = check_offer(state, offer); !room) return room;
    set_holder(session, state, offer);
    if (offer.publication.of_signature != standing::none) have_checked(session, offer, now);
  }
  return {};
}

void registry::on_withdraw(tracker_session_id session, const tracking::withdraw& message, time_point now) {
  session_state* const found = find_peer(session);
  if (found == nullptr) return;
  for (const share_id& id : message.ids) {
    if (found->shares.erase(id) == 0) continue;
    claims_.on_withdraw(session, id);
    drop_holder(session, *found, id);
    mark_changed(*found, now);
  }
}

void registry::on_progress(tracker_session_id session, const tracking::progress& message, time_point now) {
  session_state* const found = find_peer(session);
  if (found == nullptr || !found->shares.contains(message.id)) return;
  share_state& share = shares_.at(message.id);
  holder& one = share.holders.at(session);
  const std::uint64_t have = std::min(message.have, bytes_of(share, one));
  if (one.have == have) return;
  count(share, one, false);
  one.have = have;
  count(share, one, true);
  on_have(share, session, one);
  if (!share.others.empty()) contested_.insert(message.id);
  shares_changed_.insert(message.id);
  mark_changed(*found, now);
}

result<void> registry::on_hashing(tracker_session_id session, const tracking::hashing& message, time_point now) {
  session_state* const found = find_peer(session);
  if (found == nullptr || found->row.hashing == message.shares) return {};
  session_state& state = *found;
  release(state);
  const auto before = std::exchange(state.row.hashing, message.shares);
  const auto room = check_room("what is hashed is not listed", state.at->first, tracking::encoded_bytes_max(state.row));
  if (!room) state.row.hashing = before;
  charge(state);
  if (!room) return room;
  peers_changed_.insert(state.row.peer);
  mark_changed(state, now);
  return {};
}

result<void> registry::on_watch(tracker_session_id session, const tracking::watch& message, time_point now) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return {};
  session_state& state = found->second;
  if (const auto room = check_watch(state, message.id); !room) return room;
  if (state.watches.insert(message.id).second) ++state.at->second.watches;
  share_state& share = shares_[message.id];
  share.row.id = message.id;
  share.watchers.insert(session);
  share.watchers_new.insert(session);
  charge_absent(share);
  swarms_asked_.insert(message.id);
  // A newcomer is told after its snapshot. The next batch brings that.
  if (state.synced) watched_at_ = std::min(watched_at_, state.talkative ? now + talkative_delay(telling_delay) : now);
  return {};
}

void registry::on_unwatch(tracker_session_id session, const tracking::unwatch& message) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || found->second.watches.erase(message.id) == 0) return;
  --found->second.at->second.watches;
  share_state& share = shares_.at(message.id);
  share.watchers.erase(session);
  share.watchers_new.erase(session);
  if (share.crowd) share.crowd->on_watcher_gone(session);
  charge_absent(share);
  // The share is forgotten here unless some peer holds it, or a batch must still say that nobody does.
  if (share.holders.empty() && share.watchers.empty() && !share.announced) {
    shares_changed_.erase(message.id);
    swarms_changed_.erase(message.id);
    swarms_asked_.erase(message.id);
    shares_.erase(message.id);
  }
}

void registry::on_unreached(tracker_session_id session, const tracking::unreached& message, time_point now) {
  session_state* const found = find_peer(session);
  if (found == nullptr || !found->watches.contains(message.id)) return;
  session_state& state = *found;
  if (state.unreached_at != time_point::min() && now < state.unreached_at + unreached_interval) return;
  state.unreached_at = now;
  share_state& share = shares_.at(message.id);
  if (share.crowd) {
    // Those that it was told of do not suffice.
    share.watchers_new.insert(session);
    swarms_asked_.insert(message.id);
    watched_at_ = std::min(watched_at_, now);
  }
  // No holder is sent to an address at which no peer of this swarm was found.
  if (!handed_out(state)) return;
  addressed<tracking::wanted> call{{message.id, state.row.peer, state.row.address, state.row.port}, {}};
  for (const peer_id& peer : message.peers) {
    const auto holder = session_of_.find(peer);
    if (holder == session_of_.end() || holder->second == session || !share.holders.contains(holder->second)) continue;
    if (!std::ranges::count(call.to, holder->second)) call.to.push_back(holder->second);
  }
  call_hidden(share, session, call.to);
  if (call.to.empty()) return;
  wanted_.push_back(std::move(call));
  mark_changed(state, now);
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

void registry::on_reachable(tracker_session_id session, bool reachable, time_point now) {
  session_state* const found = find_peer(session);
  if (found == nullptr || found->row.reachable == reachable) return;
  session_state& state = *found;
  const bool before = handed_out(state);
  state.row.reachable = reachable;
  peers_changed_.insert(state.row.peer);
  mark_changed(now);
  if (handed_out(state) == before) return;
  for (const share_id& id : state.shares) {
    share_state& share = shares_.at(id);
    if (!share.others.empty()) contested_.insert(id);
    if (before) {
      share.hidden.insert(session);
      on_not_handed_out(share, session, state.row.peer);
    } else {
      share.hidden.erase(session);
      on_handed_out(share, session, state.row.peer);
    }
  }
}

void registry::on_resync(tracker_session_id session, time_point now) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  session_state& state = found->second;
  if (state.resync_waits || newcomers_.contains(session)) return;
  state.synced = false;
  if (now < state.resync_after) {
    state.resync_waits = true;
    resyncs_.emplace(state.resync_after, session);
    return;
  }
  state.resync_after = now + resync_interval;
  newcomers_.insert(session);
  mark_changed(state, now);
}

void registry::drop_peer(tracker_session_id session, session_state& state, time_point now) {
  for (const share_id& id : state.shares) drop_holder(session, state, id);
  peers_changed_.insert(state.row.peer);
  claims_.on_leave(session);
  session_of_.erase(state.row.peer);
  owners_.on_leave(state.row.peer, now);
  release(state);
}

bool registry::drop_session(tracker_session_id session, time_point now) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return false;
  session_state& state = found->second;
  // Watches first, so that the session's own leaving is not noted for itself.
  const auto watches = state.watches;
  for (const share_id& id : watches) on_unwatch(session, tracking::unwatch{id});
  newcomers_.erase(session);
  if (state.resync_waits) resyncs_.erase({state.resync_after, session});
  if (state.looks) {
    lookers_.erase(session);
    --state.at->second.lookers;
  } else {
    drop_peer(session, state, now);
  }
  if (--state.at->second.sessions == 0) addresses_.erase(addresses_.find(state.at->first));
  sessions_.erase(found);
  return true;
}

void registry::on_leave(tracker_session_id session, time_point now) {
  if (drop_session(session, now)) mark_changed(now);
}

}  // namespace shoal
