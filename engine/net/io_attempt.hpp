// The outcome of one attempt to read or write on a connection, which never waits.
#pragma once

#include <cstddef>

#include "net/use_tuple.hpp"

namespace shoal {

struct io_attempt {
  std::size_t bytes = 0;     ///< moved; 0: nothing, for one of the reasons below
  bool would_block = false;  ///< wait, and try again
  int error_number = 0;      ///< errno of what broke it; otherwise the end of what is read

  /// A file that is sent could not be read; the connection did not break.
  bool is_read_failure() const;
  bool is_over() const { return bytes == 0 && !would_block; }
  /// As Asio has it: eof at the end. Only if is_over().
  error_code why() const;
};

/// What a system call came to that returned `moved`, and left errno if that is negative.
io_attempt outcome_of(std::ptrdiff_t moved);

}  // namespace shoal
