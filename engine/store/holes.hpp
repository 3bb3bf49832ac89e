// Room for the data of a file, and none for its pieces of zeros. These stay holes, as in the publisher's file.
//
// A hole reads as zeros, so such a piece is there although nobody sent it (content/zero_pieces). Used by partial_files,
// and by code that need not read a hole. Blocks.
#pragma once

#include <sys/stat.h>

#include <cstdint>

#include "content/metainfo.hpp"
#include "core/bitmap.hpp"

namespace shoal {

/// Bytes of the file that are not in pieces of `zeros`.
std::uint64_t data_bytes(const metainfo& info, const bitmap& zeros, file_index file);

/// Gives the open file its size, and reserves blocks for its data so that the disk cannot be full later. Returns 0 or
/// an errno. `status` is the file's present state. In memory, reserving would zero all pages, which takes as long as
/// writing them. There the file only gets its size.
int allocate(int descriptor, const struct stat& status, const metainfo& info, const bitmap& zeros, file_index file,
             bool in_memory);

/// True if nothing is stored in this stretch of the open file, so that it reads as zeros. False where this cannot be
/// told.
bool is_hole(int descriptor, std::uint64_t offset, std::uint64_t bytes);

/// Makes holes of the pieces of zeros in a file that was there before and may hold anything. If the file system cannot
/// make a hole, the piece is taken out of `zeros`.
void make_holes(int descriptor, const metainfo& info, bitmap& zeros, file_index file);

}  // namespace shoal
