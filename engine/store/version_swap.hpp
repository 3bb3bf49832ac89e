// Puts a complete partial in the place of the older version, in one step, and clears up what was swapped out.
//
// 1. check_replaceable(): nobody changed what gives way since it was looked at.
// 2. swap_in(): the partial and NAME exchange their names. Before, the record says what comes out.
// 3. clear_swapped(): deletes what gave way, and moves everything else into the new version.
//
// A crash before step 2 leaves the older version at NAME, and after it the newer one, each whole. end_swap() then does
// step 3 again. Used by content_files and download. Blocks.
#pragma once

#include <string>
#include <vector>

#include "content/metainfo.hpp"
#include "core/error.hpp"
#include "store/older_content.hpp"
#include "store/partial_place.hpp"

namespace shoal {

/// Paths of the share at which `root`, a folder, has something that no share has: a link that leads out of it, a
/// socket, a device. `symlinks`: the share's symlinks are created. Such things are the user's.
std::vector<std::string> odd_things_in_the_way(const std::string& root, const metainfo& info, bool symlinks);

/// errc::conflict if a file that gives way is not as `older` saw it, or if something came to a place of the share.
result<void> check_replaceable(const partial_place& place, const metainfo& info, const older_content& older);

/// Swaps the partial with the content at NAME (renameat2(2), RENAME_EXCHANGE). `remember` is called first, with what
/// the record is then. errc::disk if the file system cannot do it; nothing is changed then.
result<void> swap_in(partial_place& place, const metainfo& info, const remember_partial& remember);

/// Deletes the files of `older` that give way from the partial's place, which holds the older version. Moves everything
/// else into NAME. errc::conflict if NAME has no place for something; that stays where it is.
result<void> clear_swapped(const partial_place& place, const metainfo& info, const older_content& older);

/// What a share's record says of its content.
struct recorded_version {
  metainfo_ptr info;
  std::vector<file_signature> signatures;  ///< one per file
};

/// Does clear_swapped() after a crash, if the record says that the partial was swapped in and the older version is in
/// its place. `before` is the older version; null: it is not on the record. True: NAME is what was the partial.
/// Otherwise errc::conflict if the older version waits to be cleared up.
result<bool> end_swap(const std::string& directory, const metainfo& info, const partial_record& record,
                      const recorded_version* before, bool delete_dropped);

}  // namespace shoal
