#include "cmd/output.hpp"

#include <unistd.h>

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
  note(e.code == errc::cancelled ? e.text : "error: " + e.text);
}

}  // namespace shoal
