// A file that looks unchanged, although some program did something to it. Only its bytes tell whether it is as it was.
//
// Pure value. content_files::check() finds doubtful files, and accept() ends the doubt.
#pragma once

#include "content/geometry.hpp"
#include "store/file_signature.hpp"

namespace shoal {

struct doubtful_file {
  file_index file;
  file_signature seen;  ///< the file's signature if its bytes, read afterwards, are good
};

}  // namespace shoal
