// registry: what its tests look at after each operation.

#include "core/assert.hpp"
#include "directory/registry.hpp"

namespace shoal {

void registry::check_invariants() const {
  SHOAL_ASSERT(session_of_.size() + lookers_.size() == sessions_.size());
  SHOAL_ASSERT(owners_.size() >= session_of_.size());
  SHOAL_ASSERT(lookers_.size() <= limits_.lookers_max);
  owners_.check_invariants();
  std::unordered_map<const address_state*, address_state> counted_at;
  std::size_t bytes = 0;
  std::size_t shares_held = 0;
  for (const auto& [session, state] : sessions_) {
    SHOAL_ASSERT(state.looks == lookers_.contains(session));
    SHOAL_ASSERT(state.looks || session_of_.at(state.row.peer) == session);
    SHOAL_ASSERT(!state.looks || state.shares.empty());
    SHOAL_ASSERT(!(state.resync_waits && newcomers_.contains(session)));
    SHOAL_ASSERT(state.synced != (newcomers_.contains(session) || state.resync_waits));
    SHOAL_ASSERT(state.resync_waits == resyncs_.contains({state.resync_after, session}));
    address_state& mine = counted_at[&state.at->second];
    ++mine.sessions;
    mine.lookers += state.looks ? 1 : 0;
    mine.offers += static_cast<std::uint32_t>(state.shares.size());
    mine.watches += static_cast<std::uint32_t>(state.watches.size());
    SHOAL_ASSERT(state.charged == (state.looks ? 0 : tracking::encoded_bytes_max(state.row)));
    mine.bytes += state.charged;
    bytes += state.charged;
    for (const share_id& id : state.shares) SHOAL_ASSERT(shares_.at(id).holders.contains(session));
    for (const share_id& id : state.watches) SHOAL_ASSERT(shares_.at(id).watchers.contains(session));
  }
  for (const auto& [id, share] : shares_) {
    share_state counted;
    counted.row.bytes = share.row.bytes;
    claims said;
    for (const auto& [session, one] : share.holders) {
      SHOAL_ASSERT(sessions_.at(session).shares.contains(id));
      SHOAL_ASSERT(one.have <= bytes_of(share, one));
      if (one.differs != nullptr) ++said[*one.differs];
      count(counted, one, true);
      SHOAL_ASSERT(share.hidden.contains(session) != handed_out(sessions_.at(session)));
    }
    if (share.crowd) {
      SHOAL_ASSERT(share.crowd->holder_count() == share.holders.size() - share.hidden.size() && share.touched.empty());
      share.crowd->check_invariants();
    }
    SHOAL_ASSERT(said == share.others);
    SHOAL_ASSERT((share.payer == nullptr) == share.holders.empty());
    if (share.payer != nullptr) {
      SHOAL_ASSERT(share.charged == tracking::encoded_bytes_max(share.row));
      counted_at[share.payer].bytes += share.charged;
      bytes += share.charged;
      ++shares_held;
    }
    SHOAL_ASSERT((share.asker != nullptr) == (share.holders.empty() && !share.watchers.empty()));
    if (share.asker != nullptr) ++counted_at[share.asker].absent;
    SHOAL_ASSERT(share.hidden.size() <= share.holders.size());
    SHOAL_ASSERT(counted.row.seeders == share.row.seeders && counted.row.leechers == share.row.leechers);
    SHOAL_ASSERT(counted.row.held == share.row.held);
    for (const tracker_session_id session : share.watchers) SHOAL_ASSERT(sessions_.at(session).watches.contains(id));
    for (const tracker_session_id session : share.watchers_new) SHOAL_ASSERT(share.watchers.contains(session));
    SHOAL_ASSERT(share.watchers_new.empty() || swarms_asked_.contains(id));
    SHOAL_ASSERT(!share.holders.empty() || !share.watchers.empty() || shares_changed_.contains(id));
  }
  SHOAL_ASSERT(counted_at.size() == addresses_.size() && bytes == bytes_ && shares_held == shares_held_);
  for (const auto& [address, state] : addresses_) {
    const address_state& counted = counted_at.at(&state);
    SHOAL_ASSERT(counted.sessions == state.sessions && counted.offers == state.offers);
    SHOAL_ASSERT(counted.lookers == state.lookers && state.lookers <= limits_.lookers_per_address_max);
    SHOAL_ASSERT(counted.watches == state.watches && counted.bytes == state.bytes);
    SHOAL_ASSERT(counted.absent == state.absent);
  }
  SHOAL_ASSERT(resyncs_.size() <= sessions_.size());
  for (const peer_id& peer : peers_announced_)
    SHOAL_ASSERT(session_of_.contains(peer) || peers_changed_.contains(peer));
  for (const share_id& id : small_changes_) SHOAL_ASSERT(shares_.at(id).announced && !lists_all_);
  for (const share_id& id : swarms_changed_) SHOAL_ASSERT(shares_.contains(id));
}

}  // namespace shoal
