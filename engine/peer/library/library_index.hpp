// What people mean by a name, among what this peer has and in the whole swarm.
//
// Reads the lists of the library and changes nothing. Part of library.
#pragma once

#include <string>
#include <vector>

#include "peer/library/downloads.hpp"

namespace shoal {

class library_index {
 public:
  library_index(const class discovery& discovery, const hosted_shares& hosted, const missing_shares& missing,
                const class downloads& downloads)
      : discovery_(discovery), hosted_(hosted), missing_(missing), downloads_(downloads) {}

  /// The one share of this peer that `what` means; it may be missing or a cancelled download. `what` is an id, exact
  /// name, prefix of an id, a glob that fits only one, or a magnet link. errc::not_found, ambiguous or malformed.
  result<share_id> find_here(const std::string& what) const;
  /// Like find_here, among the running downloads.
  result<share_id> find_unfinished(const std::string& what) const;
  /// What the swarm has, and what this peer has a record of, even if it is missing or cancelled.
  catalogue known() const;
  /// The swarm's catalogue, plus what this peer shares itself. A tracker may not have told that yet.
  catalogue swarm_with_own() const;
  /// Like catalogue::hashing, for the swarm and this peer.
  std::vector<hashed_share> hashing(const std::string& what) const;

 private:
  /// The hosted shares, and those that are missing or cancelled.
  tracking::snapshot recorded() const;

  const class discovery& discovery_;
  const hosted_shares& hosted_;
  const missing_shares& missing_;
  const class downloads& downloads_;
};

}  // namespace shoal
