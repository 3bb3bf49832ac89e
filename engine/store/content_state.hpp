// What content_files knows and guards: where the files of one share are, which phase they are in, what was written.
//
// The private part of content_files; only content_files uses it. Members name the lock that guards them. Blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "content/metainfo.hpp"
#include "core/error.hpp"
#include "store/doubtful_file.hpp"
#include "store/file_cache.hpp"
#include "store/file_signature.hpp"
#include "store/partial_files.hpp"
#include "store/printable.hpp"

namespace shoal {

/// errc::conflict: "`shown` changed on disk: download it again, or add it anew".
error changed_error(const std::string& shown);

struct content_state {
  enum class phase { partial, complete, discarded };

  content_state(metainfo_ptr described, std::shared_ptr<file_cache> files)
      : info(std::move(described)), cache(std::move(files)), owner(cache->new_owner()) {}
  ~content_state() { cache->drop(owner); }

  /// Path of a file for messages. Needs `place`.
  std::string shown(std::uint32_t file) const {
    return printable(info->is_folder() ? location + "/" + info->files()[file].path : location);
  }

  /// A handle from the cache, or a newly opened file that was checked against its signature.
  result<std::shared_ptr<const open_file>> open(std::uint32_t file, bool for_writing);
  /// errc::conflict unless the open file reaches to `end` and, when complete, still has its signature.
  result<void> check_unchanged(std::uint32_t file, int descriptor, std::uint64_t end);
  /// Compares complete content with all its signatures. Needs `place` once other threads know the object.
  result<std::vector<doubtful_file>> check_all() const;
  /// Syncs what was written since the last call. Needs `transition`; `now` is partial.
  result<void> flush_written();
  /// "cannot WHAT FILE: REASON", with the remedy if there is one.
  error failed(const char* what, std::uint32_t file, const error& reason);
  /// Returns `failure`, and keeps it for each later flush.
  error keep_failure(error failure);
  /// Ends resting. Needs `place` exclusively.
  result<void> wake();
  /// Opens without the cache. Needs `place`.
  result<int> open_now(std::uint32_t file, bool for_writing);
  /// The file is made when it is first written, and was not made yet. Needs `place`.
  bool awaited(std::uint32_t file) const;
  /// Makes an awaited file. Needs `place`.
  result<int> make_now(std::uint32_t file);

  const metainfo_ptr info;
  const std::shared_ptr<file_cache> cache;
  const std::uint64_t owner;
  bool symlinks = false;

  /// One flush, finish or discard at a time.
  std::mutex transition;

  /// The partial that was swapped in, while the older version in its place waits to be cleared up. Needs `transition`.
  std::optional<partial_place> swapped_out;

  /// Shared while files are opened or checked, exclusive while the content moves. Guards the members up to `facts`.
  std::shared_mutex place;
  phase now = phase::partial;
  bool resting = false;   // `partial` has no descriptors
  partial_place partial;  // its `awaited` and `reserved` by `facts`
  std::string location;   // where the files are: the final path or the partial

  /// Never held over a system call, so that path() and signatures() do not wait for a disk.
  mutable std::mutex facts;
  std::string path;
  std::vector<file_signature> signatures;  // before `now` becomes complete; then by accept(), exclusive of `place` too
  std::set<std::uint32_t> written;         // since the last flush
  std::optional<error> flush_failure;
};

}  // namespace shoal
