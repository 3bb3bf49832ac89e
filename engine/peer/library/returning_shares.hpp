// Shares of the record whose content is on the disk, either at the start of the peer or again.
//
// A share whose content is as it was is hosted. The others are listed as missing. Files in doubt are read first. Part
// of library. DESIGN: "Invariants".
#pragma once

#include <memory>
#include <vector>

#include "peer/library/content_doubt.hpp"

namespace shoal {

class returning_shares {
 public:
  returning_shares(library_context& context, hosted_shares& hosted, missing_shares& missing, followed_paths& followed,
                   share_losses& losses, content_doubt& doubt)
      : context_(context), hosted_(hosted), missing_(missing), followed_(followed), losses_(losses), doubt_(doubt) {}

  /// Hosts a share of an earlier run, or lists it as missing. True: its path may hold a new version, because nobody
  /// watched it until now.
  awaitable<bool> restore(stored_share row);
  /// Looks whether a missing share is there again.
  awaitable<void> look_for(stored_share row);

 private:
  /// Reads the files in doubt of a missing share. If they are as they were, the share is there again.
  awaitable<void> readmit(stored_share row, metainfo_ptr info, std::shared_ptr<content_files> files,
                          std::vector<doubtful_file> doubtful);
  void host_again(const stored_share& row, metainfo_ptr info, std::shared_ptr<content_files> files);

  library_context& context_;
  hosted_shares& hosted_;
  missing_shares& missing_;
  followed_paths& followed_;
  share_losses& losses_;
  content_doubt& doubt_;
};

}  // namespace shoal
