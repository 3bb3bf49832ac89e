// What is known of content from the last time that its path was shared. Files that nobody touched since need no
// hashing. Blocks.
#pragma once

#include <cstdint>
#include <vector>

#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "store/directory_scan.hpp"
#include "store/file_signature.hpp"

namespace shoal {

/// The content as it was shared, and how its files looked then. Empty: nothing is known.
struct known_content {
  byte_buffer torrent;                     ///< metainfo::to_torrent()
  std::vector<file_signature> signatures;  ///< one per file of it
};

/// The piece layer of each file of `found` whose path, size and times equal those of a file of `before`. Nothing for
/// the other files. All are empty if `before` has another piece size. The time of the last change must be known,
/// because nobody can set it back.
std::vector<std::vector<digest>> known_layers(const known_content& before, const scan_result& found,
                                              std::uint32_t piece_bytes);

}  // namespace shoal
