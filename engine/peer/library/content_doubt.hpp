// Files that look unchanged, although some program did something to them. They are read before anything is said of
// them.
//
// Part of library. DESIGN: "Invariants".
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "peer/library/share_losses.hpp"

namespace shoal {

class content_doubt {
 public:
  content_doubt(library_context& context, followed_paths& followed, share_losses& losses)
      : context_(context), followed_(followed), losses_(losses) {}

  /// Looks at the disk before a complete share is promised, and reads files in doubt first. A share that is not there
  /// is withdrawn.
  awaitable<result<void>> is_there(std::shared_ptr<share> which);
  /// Like is_there(), but does not wait until the files in doubt are read.
  awaitable<void> look_again(std::shared_ptr<share> which);
  /// Reads files that may have changed. If they have not, records how they look. Returns the number of pieces that are
  /// not as they were; 0, too, if `wanted` ended it. Errors of check_pieces().
  awaitable<result<std::size_t>> read(metainfo_ptr info, std::shared_ptr<content_files> files,
                                      std::vector<doubtful_file> doubtful, std::function<bool()> wanted);
  /// Content at this path is being read.
  bool reads(const std::string& path) const { return reading_.contains(path); }

 private:
  /// Reads the files in doubt of a complete share, and withdraws the share if it is damaged. After an error of
  /// check_pieces() the share is in doubt as before.
  awaitable<result<void>> end_doubt(std::shared_ptr<share> which, std::vector<doubtful_file> doubtful);
  /// The same when nobody waits for it.
  awaitable<void> end_doubt_aside(std::shared_ptr<share> which, std::vector<doubtful_file> doubtful);
  awaitable<void> record_signatures(share_id id, std::shared_ptr<content_files> files);

  library_context& context_;
  followed_paths& followed_;
  share_losses& losses_;
  std::set<std::string> reading_;
};

}  // namespace shoal
