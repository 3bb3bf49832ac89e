// The shares that run in this peer, complete shares and downloads. Found by id, and complete shares also by name and
// path.
//
// Starts and retires them. Offers complete shares, and what downloads hold, to the swarm. Has their content watched.
// Part of library, which observes the shares.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "directory/tracking.hpp"
#include "peer/library/content_watch.hpp"
#include "peer/library/library_context.hpp"
#include "peer/library/missing_shares.hpp"
#include "peer/library/share_limits.hpp"
#include "peer/share/share.hpp"

namespace shoal {

class hosted_shares {
 public:
  hosted_shares(library_context& context, content_watch& watch, missing_shares& missing, const share_limits& limits,
                share_observer& observer);
  void stop();

  /// Takes over a share whose content is complete; runs and offers it.
  std::shared_ptr<share> host(metainfo_ptr info, std::shared_ptr<content_files> files, const publication& published);
  /// Runs a download, and asks the trackers for its holders.
  std::shared_ptr<share> fetch(download_request request);
  /// Stops the share, and waits until nothing of it runs any more.
  awaitable<void> retire(std::shared_ptr<share> which, end_reason why);
  /// Takes out a share that is still offered; the share goes on. Null if it is not among them, or not any more.
  std::shared_ptr<share> take_out(const share& which);

  /// Describes the share to the trackers, for the first time or anew.
  void offer(const share& which);
  /// A further tracker is asked from now on: describes all shares, and asks for the holders of what is downloaded.
  void on_tracker();
  /// Tells the trackers how much of the share is here.
  void on_progress(share& which);
  void on_download_ended(share& which);

  /// Waits until no stopped share of this id still stores. Its partial can then be taken up again.
  awaitable<void> wait_for_stopped(share_id id);
  /// Returns when the download of the share does not write its last bytes to disk any more.
  awaitable<void> wait_for_finish(std::shared_ptr<share> which);

  /// Null if there is none.
  std::shared_ptr<share> find(const share_id& id) const;
  /// The complete share whose content is at `path`, or null.
  std::shared_ptr<share> complete_at(const std::string& path) const;
  /// The complete share that got this name last, or null. None that was fetched for readers.
  std::shared_ptr<share> complete_named(const std::string& name) const;
  /// The share that this greeting means, if it takes sessions; or null.
  std::shared_ptr<share> greeted(const wire::truncated_id& wanted) const;
  const std::map<share_id, std::shared_ptr<share>>& all() const { return shares_; }
  /// What the other shares hold, and with it perhaps parts of this one.
  std::vector<local_content> content_besides(const share& one);
  /// The rows of these shares, as a tracker would tell them.
  tracking::snapshot rows() const;

 private:
  void start(const std::shared_ptr<share>& which);
  awaitable<void> run_share(std::shared_ptr<share> which);
  /// The share's content is at its path from now on.
  void on_complete(const std::shared_ptr<share>& which);
  /// What it holds now, for the downloads of other shares.
  local_content content_of(const share& one);

  library_context& context_;
  content_watch& watch_;
  missing_shares& missing_;
  const share_limits& limits_;
  share_observer& observer_;
  std::map<share_id, std::shared_ptr<share>> shares_;
  std::set<std::shared_ptr<share>> running_;  ///< shares whose run() has not returned, retired ones included
  std::map<std::string, share_id> by_path_;   ///< complete shares; may have ended
  std::map<std::string, share_id> by_name_;   ///< the same
};

/// The share is a download that failed.
bool has_failed(const share& one);

}  // namespace shoal
