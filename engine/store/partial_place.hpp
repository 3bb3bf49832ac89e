// Where an unfinished download is kept, and how it gets there and away: the one judge of what on disk is ours.
//
// It is in the folder .shoal of the download directory, under the id of the share: no content has such a place, so
// nothing that somebody else put there is ever taken for it. What is there is ours only if our record names it and its
// inode. Used by partial_files and content_files. Blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "content/metainfo.hpp"
#include "core/bitmap.hpp"
#include "core/error.hpp"
#include "store/beneath.hpp"

namespace shoal {

/// Folder of a download directory that holds what is unfinished. It is there only as long as something is. No share has
/// this name, and a folder that is shared is shared without it.
inline constexpr std::string_view unfinished_folder = ".shoal";

/// What we wrote down of a partial when we made it.
struct partial_record {
  std::string name;         ///< in unfinished_folder; empty: there is none
  std::uint64_t inode = 0;  ///< identity_of() the file or directory
  bool taken_back = false;  ///< it was complete once, and is given back rather than deleted
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
  bitmap zeros;            ///< pieces that are holes in their files, and so are there already
  /// By file of the share: it has all its blocks, less the holes, once everything is written, reserved before or
  /// counted exactly. One that has fewer then was cut by another program.
  std::vector<bool> without_holes;
  /// By file of the share: it is made_when_written and was neither found nor made yet.
  std::vector<bool> awaited;
};

/// What tells an open file or directory from all that were or will be in its file system: the inode, whose number is
/// given again when it is deleted, mixed with the time of its birth and the inode's generation where they are known
/// (statx(2), FS_IOC_GETVERSION of ioctl_iflags(2)). The descriptor is open for reading. 0: nobody knows.
std::uint64_t identity_of(int descriptor);

/// Nothing else has taken its place.
bool is_still_there(const partial_place& place);

/// Path of the partial for messages.
std::string shown_partial(const partial_place& place);

/// The download directory, opened; errc::not_found or permission name it and the remedy.
result<partial_place> place_in(const std::string& directory);

/// Closes the descriptors of a place, which stays what it is.
void close_place(partial_place& place);
/// Opens them again; errc::conflict if what the record names is not there any more.
result<void> reopen_place(partial_place& place);

/// Opens unfinished_folder in the place, and makes it if it is not there.
result<void> open_unfinished(partial_place& place);

/// Removes unfinished_folder if nothing is left in it.
void remove_unfinished_folder(const partial_place& place);

/// Gives the record one name after the other until `make` returns true. False with EEXIST in errno: the name is taken.
result<void> under_free_name(partial_place& place, const metainfo& info, const std::function<bool()>& make);

/// Makes what is at `directory`/NAME, whose files may be damaged, the partial of its share. errc::conflict, and nothing
/// is changed, unless it has this inode and holds nothing that is not of the share.
result<partial_record> take_back(const std::string& directory, const metainfo& info, std::uint64_t inode,
                                 const remember_partial& remember);

/// Renames the partial to NAME in the download directory; errc::conflict if that exists. The directory still has to be
/// synced.
result<void> rename_partial(const partial_place& place, const metainfo& info);

/// Deletes the partial and all in it, unless something else has taken its place; gives one back that was taken back,
/// for which `info` must not be null.
result<void> remove_partial(const partial_place& place, const metainfo* info);

/// The same of a partial that is not open. One that is gone, or not ours, is no error; errc::conflict if another
/// process writes to it.
result<void> remove_partial(const std::string& directory, const partial_record& record, const metainfo* info);

}  // namespace shoal
