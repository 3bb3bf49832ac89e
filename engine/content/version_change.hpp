// What becomes of each file on the disk when another version of a share takes the place of the one that is there.
//
// Three lists are compared: the new version, what is there now, and the older version as it was recorded. Only the
// older version's own files may give way. What the user added or changed is never lost. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "content/metainfo.hpp"

namespace shoal {

/// What places of a folder a version takes.
class version_places {
 public:
  /// `version` outlives this. `symlinks`: its symlinks are created.
  version_places(const metainfo& version, bool symlinks);

  /// Index of the file or symlink at the path.
  std::optional<std::uint32_t> file_at(std::string_view path) const;
  /// There can be no such entry beside the version: the version has something there, or needs a directory there, or has
  /// a file where the entry needs a directory.
  bool excludes(const file_entry& entry) const;

 private:
  bool folder_;
  std::unordered_map<std::string_view, std::uint32_t> files_;
  std::unordered_set<std::string_view> directories_;
};

struct version_change {
  /// By file of the new version: the file of what is there that is the same, and that gives up its place. Each file
  /// that is there is named once at most.
  std::vector<std::optional<file_index>> moved;
  /// By file of what is there: it is not kept, because the new version has its place, or because it is dropped.
  std::vector<bool> gives_way;
  /// Paths of what the user added or changed where the new version has something else.
  std::vector<std::string> in_the_way;
  /// Paths of the older version that the new one does not have, and that the user did not change. Only if they may go.
  std::vector<std::string> dropped;
  /// Files that stay beside the new version.
  std::uint32_t kept = 0;
};

struct version_wishes {
  bool symlinks = false;        ///< the new version's symlinks are created
  bool delete_dropped = false;  ///< what the new version does not have any more goes
};

/// `there` is hashed now. `before` is the older version as it was recorded at this path. Null: nothing is recorded, so
/// all that is there is the user's.
version_change change_of(const metainfo& next, const metainfo& there, const metainfo* before, version_wishes wishes);

}  // namespace shoal
