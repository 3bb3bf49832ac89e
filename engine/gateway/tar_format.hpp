// The parts of a tar archive that are no content: ustar and pax interchange format (IEEE Std 1003.1-2017, pax).
//
// Names are bytes of UTF-8. What does not fit a ustar header gets a pax header before it: names of more than 100 bytes,
// and files of 8 GiB or more. Owners are root, as in archives that programs make for others. Pure. libarchive would
// convert names by the locale of the process.
#pragma once

#include <cstdint>
#include <string>

namespace shoal {

/// An archive consists of blocks of this.
inline constexpr std::uint64_t tar_block_bytes = 512;

struct tar_entry {
  enum class kind : std::uint8_t { file, folder, symlink };
  kind is = kind::file;
  std::string path = {};    ///< without '/' at its end
  std::uint64_t size = 0;   ///< of a file
  bool executable = false;  ///< of a file
  std::int64_t mtime = 0;   ///< seconds since 1970
  std::string target = {};  ///< of a symlink, as it stands in the link
};

/// What stands before the content.
std::string tar_head(const tar_entry& entry);
/// The zeros behind so much content.
std::string tar_padding(std::uint64_t content_bytes);
/// The end of an archive.
std::string tar_end();

}  // namespace shoal
