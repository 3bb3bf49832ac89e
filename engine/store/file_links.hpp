// Gives files of an older version a second name in the partial of a newer one (link(2)), instead of a copy.
//
// Used by partial_files only. Follows no symlinks. Blocks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "store/beneath.hpp"
#include "store/older_content.hpp"
#include "store/partial_place.hpp"

namespace shoal {

class file_links {
 public:
  /// Null: there is no older version.
  explicit file_links(const older_content* older) : older_(older) {}

  /// Opens the older version at `name` in the open `directory`. errc::conflict if it is not there any more.
  result<void> open(int directory, const std::string& name);
  /// Links the file of the share as `name` in the open directory `parent`, if the older version has it. Replaces what
  /// an interrupted run left there. Appends to place.linked. False: the file is not linked.
  bool link(partial_place& place, file_index file, int parent, const std::string& name);

 private:
  const older_content* older_;
  unique_descriptor root_;
  std::optional<directory_stack> directories_;
};

/// Says anew how linked files look, by file of the share, once their older names are gone and they have their times.
/// The files are in the open `folder` now. A file whose size changed keeps its signature, and so is found out.
void renew_signatures(int folder, const metainfo& info, const std::vector<linked_file>& linked,
                      std::vector<file_signature>& signatures);

}  // namespace shoal
