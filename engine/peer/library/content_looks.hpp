// Looks at the content of shares, from time to time and when it changed. Shares new versions of followed paths.
//
// Part of library. run() until stop(). DESIGN: "Invariants".
#pragma once

#include <string>

#include "peer/library/returning_shares.hpp"
#include "peer/library/share_adder.hpp"

namespace shoal {

class content_looks {
 public:
  content_looks(library_context& context, content_watch& watch, hosted_shares& hosted, missing_shares& missing,
                followed_paths& followed, content_doubt& doubt, returning_shares& returning, share_adder& adder)
      : context_(context),
        watch_(watch),
        hosted_(hosted),
        missing_(missing),
        followed_(followed),
        doubt_(doubt),
        returning_(returning),
        adder_(adder) {}

  awaitable<void> run();
  /// Shares a followed path anew if it changed and nothing changes it any more. At the `first` look the time of its
  /// last change tells that. Later it has to look the same for a while.
  awaitable<void> follow(std::string path, bool first = false);

 private:
  awaitable<void> look_for_missing();
  awaitable<void> look_at_hosted();
  /// Looks at the share that is or was at this path.
  awaitable<void> look_at(std::string path);
  awaitable<void> share_anew(std::string path, bool symlinks);

  library_context& context_;
  content_watch& watch_;
  hosted_shares& hosted_;
  missing_shares& missing_;
  followed_paths& followed_;
  content_doubt& doubt_;
  returning_shares& returning_;
  share_adder& adder_;
};

}  // namespace shoal
