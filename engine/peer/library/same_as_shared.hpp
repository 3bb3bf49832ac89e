// Whether a path still holds what was shared from it, as far as names and attributes tell.
//
// Signatures of files tell the rest. They say nothing of symlinks, and they may have been accepted anew after only the
// mode of a file had changed (content_doubt). Pure; for share_adder and content_looks.
#pragma once

#include "content/metainfo.hpp"
#include "store/directory_scan.hpp"

namespace shoal {

/// The entries of `found` are those of `shared`: path, kind, size, executable bit and target of each. The name of the
/// share does not matter. `attributes`: the times and modes of the files are equal, too.
bool same_as_shared(const scan_result& found, const metainfo& shared, bool attributes);

}  // namespace shoal
