// Reads pieces from disk and compares them with their hashes, on all cores.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "content/metainfo.hpp"
#include "core/bitmap.hpp"
#include "core/error.hpp"
#include "net/use_tuple.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/share/download_progress.hpp"
#include "store/content_files.hpp"

namespace shoal {

/// The pieces of `candidates` that are on disk as `info` says. `on_progress(bytes)` is called for each piece on the
/// network thread, and answers whether to go on. A piece that cannot be read counts as missing, unless the reason says
/// nothing of the disk. Such reasons are errc::limit (want of descriptors or memory) and permission.
awaitable<result<bitmap>> check_pieces(peer_context& context, std::shared_ptr<content_files> files, metainfo_ptr info,
                                       bitmap candidates, std::function<bool(std::uint64_t)> on_progress);

/// Like check_pieces(), for a download: counts what it checked, and ends when the download does. While descriptors are
/// missing it waits, and begins anew.
awaitable<result<bitmap>> check_patiently(peer_context& context, std::shared_ptr<content_files> files,
                                          metainfo_ptr info, bitmap candidates, download_progress& progress);

/// errc::verification: "`path` has N damaged pieces", with the remedy.
error damaged_error(const std::string& path, std::size_t pieces);

}  // namespace shoal
