// The place where a download's content belongs: what is there already, what becomes of it, and how the download takes
// the place at its end.
//
// Finds the same content, a damaged copy of ours, an older version that gives way, or something else that is in the
// way. Nothing there is changed unless it is ours, or of the older version. Says what it found; download decides when
// to ask and fails with the errors. Owned by download; on the network thread only. DESIGN: "A new version in the place
// of an older one".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/bitmap.hpp"
#include "core/error.hpp"
#include "net/use_tuple.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/share/download_owner.hpp"
#include "peer/share/download_progress.hpp"
#include "peer/share/download_request.hpp"
#include "peer/sources/local_source.hpp"
#include "store/content_files.hpp"
#include "store/older_content.hpp"
#include "store/state_database.hpp"

namespace shoal {

/// What is at the place, compared with the share.
struct content_there {
  std::shared_ptr<content_files> files;  ///< null: the place has other entries than the share
  std::vector<file_signature> signatures;
  bitmap good;
  error conflict;  ///< the error if this content is in the way
  bool whole() const { return files && good.all(); }
};

/// The older version that a download replaces.
struct replaced_version {
  older_content what;
  local_content content;  ///< what is there now, user's own files included
};

class final_place {
 public:
  /// Changes in the request what the download goes on from: its partial, and what of it is verified. All outlive this.
  final_place(peer_context& context, download_owner& owner, download_request& request, download_progress& progress);

  // All of these need the metadata. If the download ends meanwhile, the answer says nothing.

  /// Ends what a crash interrupted after the swap with an older version.
  awaitable<result<void>> end_interrupted_swap();
  /// Something is at the place.
  bool taken() const;
  /// Reads what is at the place. errc::conflict for something that could not be shared at all. What an older version
  /// left there and is to be deleted counts as other entries.
  awaitable<result<content_there>> look();
  /// What is there is whole: records it as the content of the share, and deletes the partial.
  awaitable<result<void>> take_over(content_there there);
  /// What is there is not whole: makes it the partial if it is ours, or finds out how the older version gives way.
  /// Otherwise the error is that of `there`.
  awaitable<result<void>> go_on_from(content_there there);
  /// Null unless go_on_from() found one.
  const replaced_version* older() const { return older_.get(); }
  /// What `files` has linked from the older version is good, and the older version is as it was.
  awaitable<void> on_linked(content_files& files, bitmap& good, bitmap& doubtful);
  /// Puts the complete content in its place, and records it. errc::conflict if something came in the way.
  awaitable<result<void>> put();

 private:
  std::string path() const;
  /// errc::conflict: "PATH is …".
  awaitable<error> what_is_there();
  awaitable<result<void>> take_back_damaged(bitmap good);
  awaitable<result<void>> look_at_older();
  /// Files of the older version that the share does not have are there, and are to be deleted. Blocks.
  bool is_to_drop(const scan_result& found) const;
  /// Writes complete content down; it is followed and shared as what was there before. Blocks.
  result<void> record_complete(stored_share row);

  peer_context& context_;
  download_owner& owner_;
  const share_content& content_;
  download_request& request_;
  download_progress& progress_;
  std::unique_ptr<replaced_version> older_;
};

}  // namespace shoal
