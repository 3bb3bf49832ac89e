// The v2 info dictionary (BEP 52, BEP 47): from bencode to checked fields and back.
//
// Pure; used by metainfo alone. Reading checks all that can be checked without piece layers, so that whatever
// it returns can be laid out as geometry.
#pragma once

#include <string>
#include <vector>

#include "content/bencode.hpp"
#include "content/file_entry.hpp"
#include "core/error.hpp"

namespace shoal {

/// The bytes of one share: block numbers of a file, padded to a power of two, then fit 32 bits (BEP 52 hash
/// requests).
inline constexpr std::uint64_t share_bytes_max = 32 * 1024 * GiB;

/// Chunk numbers of one share: bounds what a transfer allocates for a hostile combination of piece and file
/// sizes.
inline constexpr std::uint64_t chunks_max = 64 * 1024 * 1024;

struct info_fields {
  std::string name;
  bool folder = false;
  std::uint32_t piece_bytes = 0;
  std::vector<file_entry> files;  ///< in file-tree order
  bool is_private = false;        ///< BEP 27; read only
};

/// A torrent without a version 2 part, as far as its keys tell.
bool is_version_1(const bencode::value& info);

/// errc::malformed or errc::limit with a reason that names the field or path.
result<info_fields> read_info(const bencode::value& info);

/// The dictionary in the form libtorrent gives it, so that the same content gets the same id. `fields.files`
/// in file-tree order, without a path that occurs twice or is both file and directory. Checks nothing else:
/// what is written is read back by read_info.
byte_buffer write_info(const info_fields& fields);

}  // namespace shoal
