// registry: shares with so many holders that each watcher is told of a part.

#include <algorithm>
#include <utility>

#include "directory/registry.hpp"

namespace shoal {

void registry::choose_crowd(share_state& share) {
  const std::size_t holders = share.holders.size() - share.hidden.size();
  const bool large = holders > (share.crowd ? limits_.crowd.told_min : limits_.crowd.told_max);
  if (large == (share.crowd != nullptr)) return;
  share.crowd.reset();
  share.touched.clear();
  if (large) {
    share.crowd = std::make_unique<share_crowd>(limits_.crowd, ++crowds_made_);
    for (const auto& [session, one] : share.holders) {
      if (!share.hidden.contains(session)) share.crowd->on_holder(session, one.have >= bytes_of(share, one));
    }
    (void)share.crowd->take_news([](tracker_session_id) { return true; });
  }
  if (share.watchers.empty()) return;
  // Each is told anew.
  share.watchers_new.insert(share.watchers.begin(), share.watchers.end());
  swarms_asked_.insert(share.row.id);
}

void registry::on_handed_out(share_state& share, tracker_session_id session, const peer_id& peer) {
  if (share.crowd) {
    const holder& one = share.holders.at(session);
    share.crowd->on_holder(session, one.have >= bytes_of(share, one));
  } else {
    choose_crowd(share);
    if (!share.crowd && !share.watchers.empty()) share.touched.insert(peer);
  }
  if (!share.watchers.empty()) swarms_changed_.insert(share.row.id);
}

void registry::on_not_handed_out(share_state& share, tracker_session_id session, const peer_id& peer) {
  if (share.crowd) {
    share.crowd->on_holder_gone(session, peer);
    choose_crowd(share);
  }
  if (share.watchers.empty()) return;
  if (!share.crowd) share.touched.insert(peer);
  swarms_changed_.insert(share.row.id);
}

void registry::on_have(share_state& share, tracker_session_id session, const holder& one) {
  if (share.crowd) share.crowd->on_seeder(session, one.have >= bytes_of(share, one));
}

void registry::take_crowd_news(share_state& share, batch& into) {
  const auto watches = [&share](tracker_session_id holder) { return share.watchers.contains(holder); };
  for (auto& one : share.crowd->take_news(watches)) {
    addressed<tracking::swarm> change;
    change.message.id = share.row.id;
    for (const tracker_session_id holder : one.joined) {
      change.message.joined.push_back(endpoint_of(sessions_.at(holder), share, share.holders.at(holder)));
    }
    // Not of who came back meanwhile.
    std::erase_if(one.left, [&](const peer_id& peer) {
      const auto session = session_of_.find(peer);
      return session != session_of_.end() && share.holders.contains(session->second);
    });
    change.message.left = std::move(one.left);
    if (change.message.joined.empty() && change.message.left.empty()) continue;
    change.to.push_back(one.watcher);
    into.swarms.push_back(std::move(change));
  }
}

}  // namespace shoal
