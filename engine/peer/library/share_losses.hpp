// How a complete share whose content is gone, changed or damaged becomes a missing one.
//
// It is withdrawn at once, before anybody is told that it is here; its record is kept. Part of library.
// DESIGN: "Invariants".
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

  /// Withdraws the share, and lists it as missing soon after; nothing happens if it is not hosted any more.
  void on_lost(share& which, const error& why);
  /// Looks at the disk, and withdraws a complete share that is gone or changed. Other errors may pass, and withdraw
  /// nothing. Returns the files in doubt.
  awaitable<result<std::vector<doubtful_file>>> look_at_disk(std::shared_ptr<share> which);
  /// So many pieces of a complete share are not what they should be: it is withdrawn.
  awaitable<void> on_damage(std::shared_ptr<share> which, std::size_t pieces);
  /// So many pieces of a missing share are not either: its record says that it is damaged.
  awaitable<void> on_damage(share_id missing, std::string path, std::size_t pieces);
  /// Returns when every share that was withdrawn is among the missing ones.
  awaitable<void> settle();

 private:
  /// False: the share was withdrawn already.
  bool withdraw(const share& which, const error& why);
  /// Tells the trackers a moment later that the share is withdrawn. Peers that could not be told why come back
  /// meanwhile and are told.
  awaitable<void> withdraw_soon(share_id id);
  /// Keeps the record of one that was withdrawn.
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
