// The files of an unfinished download. They are made with their sizes, or taken up again, and described when they are
// complete.
//
// Everything happens below the opened partial (partial_place), without following symlinks. The partial is locked
// (flock) as long as its descriptors are open, so two processes never write the same one. Used by content_files only.
// Blocks.
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
#include "store/older_content.hpp"
#include "store/partial_place.hpp"

namespace shoal {

/// Above this number of files, one syncfs is cheaper than a sync of each: about 0.2 ms a file on a virtual disk.
inline constexpr std::size_t single_syncs_max = 64;

/// True for a file of a folder that fits in one piece. Such a file is made when it is first written, by several workers
/// at once and with one opening each. So these files do not delay the first request. A file of zeros is made at once,
/// because nobody writes it.
bool made_when_written(const metainfo& info, const file_entry& file);

/// Takes up the partial of the `known` record if it is there, and gives its files the sizes of this share. Otherwise
/// makes a partial below `directory`. The new partial has directories, empty files, and all files at their full size,
/// except those that are made_when_written. For these there is space. Pieces of zeros are holes. Errors as for
/// content_files::open_partial; what was made is then removed again.
///
/// With `older`, NAME may be there. Files of it that the share has unchanged get a second name in the partial, where
/// the file system can do that.
result<partial_place> make_partial(const std::string& directory, const metainfo& info, const partial_record& known,
                                   const remember_partial& remember, const older_content* older);

/// Makes the awaited `file`, empty until it is written, and reserves its space. Sets `without_holes` as in
/// partial_place. errc::no_space if no space is left.
result<unique_descriptor> make_awaited(const partial_place& place, const metainfo& info, file_index file,
                                       bool& without_holes);

/// Makes the symlinks of the share. Replaces those that an earlier run left.
result<void> make_symlinks(const partial_place& place, const metainfo& info);

/// When this returns, the names of files and directories inside the partial are on the disk.
result<void> sync_names(const partial_place& place, const metainfo& info);

/// What the files of the share look like now, one signature per file of `info`. errc::verification if the partial or a
/// file in it is not what was made here any more. Another program replaced it, or cut it and let it grow again. Then it
/// may have unverified holes.
result<std::vector<file_signature>> partial_signatures(const partial_place& place, const metainfo& info);

}  // namespace shoal
