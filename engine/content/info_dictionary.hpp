// The v2 info dictionary (BEP 52, BEP 47): from bencode to checked fields and back.
//
// Pure; used by metainfo alone. Reading checks all that can be checked without piece layers. So whatever it returns can
// be laid out as geometry.
#pragma once

#include <string>
#include <vector>

#include "content/bencode.hpp"
#include "content/file_entry.hpp"
#include "core/error.hpp"

namespace shoal {

/// Bytes of one share. At this bound the block numbers of a file, padded to a power of two, fit 32 bits (BEP 52 hash
/// requests).
inline constexpr std::uint64_t share_bytes_max = 32 * 1024 * GiB;

/// Chunk numbers of one share. Bounds what a transfer allocates for a hostile combination of piece and file sizes.
inline constexpr std::uint64_t chunks_max = 64 * 1024 * 1024;

struct info_fields {
  std::string name;
  bool folder = false;
  std::uint32_t piece_bytes = 0;
  std::vector<file_entry> files;  ///< in file-tree order
  bool is_private = false;        ///< BEP 27; read only
};

/// True for a torrent without a version 2 part, as far as its keys tell.
bool is_version_1(const bencode::value& info);

/// errc::malformed or errc::limit with a reason that names the field or path.
result<info_fields> read_info(const bencode::value& info);

/// The dictionary in libtorrent's form, so that the same content gets the same id. `fields.files` is in file-tree
/// order. No path occurs twice, or is both file and directory. Checks nothing else: read_info() reads back what is
/// written.
byte_buffer write_info(const info_fields& fields);

}  // namespace shoal
