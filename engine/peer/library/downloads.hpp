// Downloads of a peer: how they begin, are cancelled, and are kept while they do not run.
//
// Part of library. Two changes of one share do not overlap: the later one waits for the earlier one.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "peer/library/change_turns.hpp"
#include "peer/library/content_doubt.hpp"

namespace shoal {

/// A cancelled download of our record. It is kept until somebody goes on with it or removes it.
struct paused_download {
  stored_download row;
  metainfo_ptr info;  ///< null: not known yet
  /// Opened when it is first looked for in what is kept; null before, and if it cannot be read.
  std::shared_ptr<content_files> files{};
};

class downloads {
 public:
  downloads(library_context& context, hosted_shares& hosted, const missing_shares& missing, share_losses& losses,
            content_doubt& doubt)
      : context_(context),
        hosted_(hosted),
        missing_(missing),
        losses_(losses),
        doubt_(doubt),
        turns_(context.changes) {}

  /// Begins a download. Or finds the one that runs, or the share that is here already, perhaps in another directory.
  awaitable<result<std::shared_ptr<share>>> begin(download_request request);
  /// Goes on with a download of an earlier run, or lists it as paused. `mend_inode` is as in download_request.
  awaitable<void> restore(stored_download row, std::uint64_t mend_inode);
  /// Stops serving a share, or a download that has ended, and closes its files. The record does not change.
  awaitable<void> let_go(std::shared_ptr<share> which);
  /// Ends a download, and keeps what it has for the next time. A download that writes its last bytes to disk is let
  /// finish: errc::conflict if it is complete then.
  awaitable<result<void>> cancel(share_id id);
  /// Ends a download that is not complete, and deletes what it has.
  awaitable<result<void>> remove(std::shared_ptr<share> which);
  /// Deletes the record of a cancelled download, and what the download has on disk.
  awaitable<result<void>> forget_paused(share_id id);

  /// Null unless the share is a cancelled download.
  const paused_download* paused(const share_id& id) const;
  const std::map<share_id, paused_download>& paused() const { return paused_; }
  /// What the cancelled downloads of other shares have on disk.
  awaitable<std::vector<local_content>> kept_content(share_id besides);

 private:
  // downloads_begin.cpp

  /// If the request does not say it, says where the download goes and what is known of it.
  awaitable<result<void>> find_place(download_request& request);
  /// The directory with the older version of a share of this name. Empty: as for other downloads.
  std::string place_of_older(const std::string& name) const;
  /// Writes the download down, and returns its record. errc::conflict: an earlier try keeps something in another
  /// directory. If this peer serves commands that have one each, that is deleted: sets `given_up` of the request.
  awaitable<result<stored_download>> remember(download_request& request);
  /// Looks up the peers that the user named, and lets the share dial them.
  awaitable<void> find_peers(std::shared_ptr<share> which, std::vector<std::string> peers);

  // downloads_kept.cpp

  awaitable<void> open_kept();
  /// A piece of what the cancelled download has is damaged: if it goes on, it looks at everything.
  awaitable<void> doubt_kept(share_id id);

  // downloads.cpp

  void pause(stored_download row);
  /// Lists the download as cancelled, unless nothing of it is kept or it runs again.
  awaitable<void> list_paused(share_id id);
  /// Deletes the record of a cancelled download and its partial. Blocks.
  result<void> forget(const share_id& id);

  library_context& context_;
  hosted_shares& hosted_;
  const missing_shares& missing_;
  share_losses& losses_;
  content_doubt& doubt_;
  std::map<share_id, paused_download> paused_;
  change_turns turns_;  ///< of begin() and cancel()
};

}  // namespace shoal
