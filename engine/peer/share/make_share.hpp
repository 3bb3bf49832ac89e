// Makes a share of what a scan found: hashes every file on all cores and builds the metainfo. Nothing is copied.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "content/metainfo.hpp"
#include "core/error.hpp"
#include "net/use_tuple.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/share/known_content.hpp"
#include "store/content_files.hpp"
#include "store/directory_scan.hpp"

namespace shoal {

struct made_share {
  metainfo_ptr info;
  std::shared_ptr<content_files> files;
  std::uint32_t files_hashed = 0;  ///< files that were hashed, without empty ones
  std::uint32_t files_known = 0;   ///< files that `before` told of
};

/// Makes a share of `found`. Reads all its files, except those that `before` tells of. Its pieces have the size that
/// fits the content, or `piece_bytes` if that is larger. `on_progress(bytes)` is called
/// on the network thread with how much more was hashed or known. It answers whether to go on (errc::cancelled if not).
/// A file that cannot be read or became shorter is an error that names it.
awaitable<result<made_share>> make_share(peer_context& context, scan_result found, known_content before,
                                         std::uint32_t piece_bytes, std::function<bool(std::uint64_t)> on_progress);

}  // namespace shoal
