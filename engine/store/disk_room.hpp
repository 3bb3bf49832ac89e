// How much room a partial still needs on its disk, and how much there is.
//
// Looks at paths and holds no descriptor, because a download that waits holds none. Used by content_files only. Blocks.
#pragma once

#include <cstdint>
#include <optional>

#include "content/metainfo.hpp"
#include "core/error.hpp"
#include "store/partial_place.hpp"

namespace shoal {

struct disk_room {
  std::uint64_t needed = 0;           ///< bytes of data that are neither written nor reserved
  std::optional<std::uint64_t> free;  ///< nothing: the file system does not say
};

/// For the partial of `place`, open or not. An error names what is not there any more.
result<disk_room> room_for(const partial_place& place, const metainfo& info);

}  // namespace shoal
