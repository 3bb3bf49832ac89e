// The files of an unfinished download: made with their sizes, or taken up again, and described when they are complete.
//
// Everything happens below the opened partial (partial_place), without following symlinks. It is locked (flock) as long
// as the descriptors are open, so that two processes never write the same one. Used by content_files only. Blocks.
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
#include "store/partial_place.hpp"

namespace shoal {

/// Above this many files one syncfs is cheaper than a sync of each: about 0.2 ms a file on a virtual disk.
inline constexpr std::size_t single_syncs_max = 64;

/// A file of a folder that fits in one piece. It is made when it is first written, by several workers at once and with
/// one opening, not before the first byte can be asked for. One of zeros is made at once, because nobody writes it.
bool made_when_written(const metainfo& info, const file_entry& file);

/// Makes a partial below `directory` with all files at their full size, directories and empty files, but without those
/// that are made_when_written, for which there is space. Pieces of zeros are holes. Or takes up the one of the `known`
/// record, if it is there, and gives its files the sizes of this share. Errors as content_files::open_partial; what was
/// made is removed again then.
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

}  // namespace shoal
