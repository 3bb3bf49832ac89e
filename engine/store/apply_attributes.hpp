// Gives the files of a complete download the times that they have at their publisher, and the modes if the user asks
// for them.
//
// This happens at the end, because each write sets the time anew, and before anything records what the files look like.
// Used by content_files only. Blocks.
#pragma once

#include <cstdint>
#include <vector>

#include "content/file_attributes.hpp"
#include "content/metainfo.hpp"
#include "store/partial_place.hpp"

namespace shoal {

/// The attributes that finish() gives the files of a share.
struct wanted_attributes {
  std::vector<file_attributes> files;  ///< one for each regular file; empty: the files keep theirs
  bool modes = false;                  ///< also set permission bits; the owner can always read
};

/// Files that are linked belong to the older version, too, until it is gone.
enum class attributes_of : std::uint8_t { made, linked };

/// If the file system cannot keep some of them, that is no failure. What is set is on the disk when this returns. For a
/// folder of many files it is on the disk when sync_names() returns.
void apply_attributes(const partial_place& place, const metainfo& info, const wanted_attributes& wanted,
                      attributes_of which = attributes_of::made);

}  // namespace shoal
