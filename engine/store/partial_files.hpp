// The life of an unfinished download on disk: made or taken up again, made final under its name, or removed.
//
// It lives in the folder .shoal of the download directory, under the id of the share: no content has such a place, so
// nothing that somebody else put there is ever taken for it. What is there is ours only if our record names it and its
// inode. Everything happens below the opened download directory, without following symlinks. The partial is locked
// (flock) as long as the descriptors are open, so that two processes never write the same one. Used by content_files
// only. Blocks.
#pragma once

#include <cstdint>
#include <functional>
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

/// Folder of a download directory that holds what is unfinished. It is there only as long as something is. No share has
/// this name, and a folder that is shared is shared without it.
inline constexpr std::string_view unfinished_folder = ".shoal";

/// What we wrote down of a partial when we made it.
struct partial_record {
  std::string name;         ///< in unfinished_folder; empty: there is none
  std::uint64_t inode = 0;  ///< of the file or directory
  bool operator==(const partial_record&) const = default;
};
/// Writes a record down before anything else is done with a new partial. A failure ends the download.
using remember_partial = std::function<result<void>(const partial_record&)>;

/// An open partial.
struct partial_place {
  std::string directory_path;    ///< absolute, symlinks resolved
  unique_descriptor directory;   ///< the download directory
  unique_descriptor unfinished;  ///< unfinished_folder in it
  partial_record record;
  unique_descriptor part;  ///< what the record names, a file or a directory; holds the lock
  bool resumed = false;    ///< it was there before: some of its data may not be on the disk
  /// Files that were or are missing, were too short or had holes: nothing to go on from.
  std::vector<file_index> renewed;
  bool in_memory = false;  ///< the file system is tmpfs
  /// By file of the share: it has all its blocks once everything is written, reserved before or counted exactly. One
  /// that has fewer then was cut by another program.
  std::vector<bool> without_holes;
  /// By file of the share: it is made_when_written and was neither found nor made yet.
  std::vector<bool> awaited;
};

/// A file of a folder that fits in one piece. It is made when it is first written, by several workers at once and with
/// one opening, not before the first byte can be asked for.
bool made_when_written(const metainfo& info, const file_entry& file);

/// Nothing else has taken its place.
bool is_still_there(const partial_place& place);

/// Path of the partial for messages.
std::string shown_partial(const partial_place& place);

/// Makes a partial below `directory` with all files at their full size, directories and empty files, but without those
/// that are made_when_written, for which there is space; or takes up the one of the `known` record, if it is there, and
/// gives its files the sizes of this share. Errors as content_files::open_partial; what was made is removed again then.
result<partial_place> make_partial(const std::string& directory, const metainfo& info, const partial_record& known,
                                   const remember_partial& remember);

/// Makes the awaited `file`, empty until it is written, with its space reserved: sets `without_holes` as in
/// partial_place. errc::no_space if there is none left.
result<unique_descriptor> make_awaited(const partial_place& place, const metainfo& info, file_index file,
                                       bool& without_holes);

/// Makes the symlinks of the share, replacing those that an earlier run left.
result<void> make_symlinks(const partial_place& place, const metainfo& info);

/// Names of files and directories inside the partial are on the disk when this returns.
result<void> sync_names(const partial_place& place, const metainfo& info);

/// What the files of the share look like now, one per file of `info`. errc::verification if the partial or a file
/// in it is not what was made here any more: replaced, or cut and grown again, so that unverified holes may be
/// in it.
result<std::vector<file_signature>> partial_signatures(const partial_place& place, const metainfo& info);

/// Renames the partial to NAME in the download directory; errc::conflict if that exists. The directory still has to be
/// synced.
result<void> rename_partial(const partial_place& place, const metainfo& info);

/// Deletes the partial and all in it, unless something else has taken its place.
result<void> remove_partial(const partial_place& place);

}  // namespace shoal
