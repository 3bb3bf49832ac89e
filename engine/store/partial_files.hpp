// The life of NAME.part on disk: made or taken up again, made final under NAME, or removed.
//
// Everything happens below the opened download directory, without following symlinks. NAME.part is locked
// (flock) as long as the descriptors are open, so that two processes never write the same download. Used by
// content_files only. Blocks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "content/metainfo.hpp"
#include "core/error.hpp"
#include "store/beneath.hpp"
#include "store/file_signature.hpp"

namespace shoal {

/// Above this many files one syncfs is cheaper than a sync of each: about 0.2 ms a file on a virtual disk.
inline constexpr std::size_t single_syncs_max = 64;

/// Name under which the share `name` is kept until it is complete: `name`.part, shortened where that would be
/// longer than a file name may be.
std::string part_name(std::string_view name);

/// An open NAME.part.
struct partial_place {
  std::string directory_path;       ///< absolute, symlinks resolved
  unique_descriptor directory;      ///< the download directory
  unique_descriptor part;           ///< NAME.part in it, a file or a directory; holds the lock
  bool resumed = false;             ///< NAME.part was there before: some of its data may not be on the disk
  std::vector<file_index> renewed;  ///< files that were missing, too short or had holes: nothing to go on from
  /// By file of the share: all its blocks are reserved. One that has fewer later was cut by another program.
  std::vector<bool> reserved;
};

/// Makes NAME.part in `directory` with all files at their full size, directories and empty files, or takes up
/// one that is there and gives its files the sizes of this share. Errors as content_files::open_partial; what
/// was made is removed again then.
result<partial_place> make_partial(const std::string& directory, const metainfo& info);

/// Makes the symlinks of the share, replacing those that an earlier run left.
result<void> make_symlinks(const partial_place& place, const metainfo& info);

/// Names of files and directories inside NAME.part are on the disk when this returns.
result<void> sync_names(const partial_place& place, const metainfo& info);

/// What the files of the share look like now, one per file of `info`. errc::verification if NAME.part or a file
/// in it is not what was made here any more: replaced, or cut and grown again, so that unverified holes may be
/// in it.
result<std::vector<file_signature>> partial_signatures(const partial_place& place, const metainfo& info);

/// Renames NAME.part to NAME; errc::conflict if that exists. The directory still has to be synced.
result<void> rename_partial(const partial_place& place, const metainfo& info);

/// Deletes NAME.part and all in it.
result<void> remove_partial(const partial_place& place, const metainfo& info);

}  // namespace shoal
