// Complete content on the record that is not shared, but from which downloads take what they need.
//
// For a command that runs alone this is all content on the record. For a peer it is what such commands downloaded; the
// peer hosts the rest. Part of library; on the network thread only.
#pragma once

#include <vector>

#include "peer/library/hosted_shares.hpp"
#include "peer/library/library_context.hpp"

namespace shoal {

class recorded_content {
 public:
  recorded_content(library_context& context, const hosted_shares& hosted) : context_(context), hosted_(hosted) {}

  /// Reads the record, and tells the downloads that run already. What cannot be read is left out.
  awaitable<void> read();
  /// Empty before read() returned.
  const std::vector<local_content>& all() const { return content_; }

 private:
  library_context& context_;
  const hosted_shares& hosted_;
  std::vector<local_content> content_;
};

}  // namespace shoal
