#include "cmd/output.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "cmd/terminal.hpp"
#include "cmd/text.hpp"

namespace shoal {

result<void> print(std::string_view text) {
  if (write_whole(STDOUT_FILENO, text) || errno == EPIPE) return {};
  return system_error("cannot write to stdout", errno);
}

void note(std::string_view line) {
  write_whole(STDERR_FILENO, displayable(line) + "\n");
}

void print_error(const error& e) {
  const std::string text = e.code == errc::cancelled ? e.text : "error: " + e.text;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    note(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
  }
}

}  // namespace shoal
