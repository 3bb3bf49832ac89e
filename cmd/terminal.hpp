// The terminal behind a file descriptor, and writing to it whole.
//
// For all code in cmd that writes. Knows no escape sequences and owns no descriptor.
#pragma once

#include <cstddef>
#include <string_view>

namespace shoal {

struct terminal_size {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

bool is_terminal(int descriptor);
/// The present size. 80 by 24 where the terminal does not say.
terminal_size size_of_terminal(int descriptor);
/// Writes everything, and goes on after signals. False with errno set if that failed.
bool write_whole(int descriptor, std::string_view text);

}  // namespace shoal
