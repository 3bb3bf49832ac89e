// Whose a partial is, written on the partial itself (xattr(7)): for the case that the record of it is lost.
//
// A file system that keeps no attributes loses this, and then a partial without a record belongs to nobody. Used by
// partial_files and content_files. Blocks.
#pragma once

#include <string>

namespace shoal {

/// Writes on the open partial that it belongs to `owner`: the state database of a peer. "" writes nothing.
void mark_partial(int part, const std::string& owner);
/// It belongs to this owner. False for "".
bool is_marked(int part, const std::string& owner);
/// It is complete content from now on, or was always: nobody finds out where our state is.
void unmark_partial(int part);

}  // namespace shoal
