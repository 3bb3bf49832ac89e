// registry: what its tests look at after each operation.

#include "core/assert.hpp"
#include "directory/registry.hpp"

namespace shoal {

void registry::check_invariants() const {
  SHOAL_ASSERT(session_of_.size() == sessions_.size());
  SHOAL_ASSERT(owners_.size() >= sessions_.size());
  owners_.check_invariants();
  std::uint32_t at_addresses = 0;
  for (const auto& [address, sessions] : sessions_at_) at_addresses += sessions;
  SHOAL_ASSERT(at_addresses == sessions_.size());
  for (const auto& [session, state] : sessions_) {
    SHOAL_ASSERT(session_of_.at(state.row.peer) == session);
    SHOAL_ASSERT(state.synced != newcomers_.contains(session));
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
    SHOAL_ASSERT(said == share.others);
    SHOAL_ASSERT(share.hidden.size() <= share.holders.size());
    SHOAL_ASSERT(counted.row.seeders == share.row.seeders && counted.row.leechers == share.row.leechers);
    SHOAL_ASSERT(counted.row.held == share.row.held);
    for (const tracker_session_id session : share.watchers) SHOAL_ASSERT(sessions_.at(session).watches.contains(id));
    for (const tracker_session_id session : share.watchers_new) SHOAL_ASSERT(share.watchers.contains(session));
    SHOAL_ASSERT(share.watchers_new.empty() || swarms_asked_.contains(id));
    SHOAL_ASSERT(!share.holders.empty() || !share.watchers.empty() || shares_changed_.contains(id));
  }
  for (const share_id& id : swarms_changed_) SHOAL_ASSERT(shares_.contains(id));
}

}  // namespace shoal
