// The content at the place of a download that gives way to it: an older version, and what the user has beside it.
//
// A value. What is in it was seen on the disk before the download began to replace it.
#pragma once

#include "content/version_change.hpp"
#include "store/directory_scan.hpp"

namespace shoal {

struct older_content {
  scan_result seen;       ///< signatures are of the bytes that were hashed
  version_change change;  ///< what becomes of the files of `seen`
  bool symlinks = false;  ///< the symlinks of the new version are created
};

}  // namespace shoal
