// Makes a share of what a scan found: hashes every file on all cores and builds the metainfo. Nothing is copied.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "content/metainfo.hpp"
#include "core/error.hpp"
#include "net/use_tuple.hpp"
#include "peer/library/known_content.hpp"
#include "peer/session/peer_context.hpp"
#include "store/content_files.hpp"
#include "store/directory_scan.hpp"

namespace shoal {

struct made_share {
  metainfo_ptr info;
  std::shared_ptr<content_files> files;
  std::uint32_t files_hashed = 0;  ///< of those that are not empty
  std::uint32_t files_known = 0;   ///< from `before`
};

/// Reads all files of `found` but those that `before` tells of, and makes a share of them. `on_progress(bytes)` is told
/// how much more was hashed or known, on the network thread, and answers whether to go on (errc::cancelled if not). A
/// file that cannot be read or became shorter is an error that names it.
awaitable<result<made_share>> make_share(peer_context& context, scan_result found, known_content before,
                                         std::function<bool(std::uint64_t)> on_progress);

}  // namespace shoal
