// How a complete share whose content is gone, changed or damaged becomes a missing one.
//
// The share is withdrawn at once, before anybody is told that it is here. Its record is kept. Part of library. DESIGN:
// "Invariants".
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "peer/library/followed_paths.hpp"
#include "peer/library/hosted_shares.hpp"
#include "store/doubtful_file.hpp"

namespace shoal {

class share_losses {
 public:
  share_losses(library_context& context, hosted_shares& hosted, missing_shares& missing, const followed_paths& followed)
      : context_(context), hosted_(hosted), missing_(missing), followed_(followed) {}

  /// Withdraws the share, and lists it as missing soon after. Does nothing if the share is no longer hosted.
  void on_lost(share& which, const error& why);
  /// Looks at the disk, and withdraws a complete share whose content is gone or changed. Other errors may pass, and
  /// withdraw nothing. Returns the files in doubt.
  awaitable<result<std::vector<doubtful_file>>> look_at_disk(std::shared_ptr<share> which);
  /// So many pieces of a complete share are damaged: the share is withdrawn.
  awaitable<void> on_damage(std::shared_ptr<share> which, std::size_t pieces);
  /// So many pieces of a missing share are damaged, too: its record says so.
  awaitable<void> on_damage(share_id missing, std::string path, std::size_t pieces);
  /// Returns when every withdrawn share is among the missing ones.
  awaitable<void> settle();

 private:
  /// False: the share was withdrawn already.
  bool withdraw(const share& which, const error& why);
  /// Tells the trackers a moment later that the share is withdrawn. Peers that could not be told why come back
  /// meanwhile and are told.
  awaitable<void> withdraw_soon(share_id id);
  /// Keeps the record of a withdrawn share.
  awaitable<void> miss(share_id id, std::string path, error why);

  library_context& context_;
  hosted_shares& hosted_;
  missing_shares& missing_;
  const followed_paths& followed_;
  std::multiset<share_id> losing_;  ///< withdrawn, but not among the missing ones yet
};

/// The row tells of this share.
bool is_of(const stored_share& row, const share_id& id);

}  // namespace shoal
