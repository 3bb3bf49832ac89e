// Gives the files of a complete download the times, and if asked for the modes, that they have at their publisher.
//
// At the end, because each write sets the time anew, and before anything remembers what the files look like. Used by
// content_files only. Blocks.
#pragma once

#include <vector>

#include "content/file_attributes.hpp"
#include "content/metainfo.hpp"
#include "store/partial_place.hpp"

namespace shoal {

/// What finish() gives the files of a share.
struct wanted_attributes {
  std::vector<file_attributes> files;  ///< one for each regular file; empty: they keep what they have
  bool modes = false;                  ///< permission bits too; their owner can always read
};

/// A file system that cannot keep them keeps what it can: that is no failure. What is set is on the disk when this
/// returns, or when sync_names() does for a folder of many files.
void apply_attributes(const partial_place& place, const metainfo& info, const wanted_attributes& wanted);

}  // namespace shoal
