// A file that looks unchanged, but that somebody did something to: only its bytes tell whether it is as it was.
//
// Pure value. content_files::check() finds them, and accept() ends the doubt.
#pragma once

#include "content/geometry.hpp"
#include "store/file_signature.hpp"

namespace shoal {

struct doubtful_file {
  file_index file;
  file_signature seen;  ///< that of the file if its bytes, read afterwards, are good
};

}  // namespace shoal
