#include "cmd/terminal_lines.hpp"

#include <unistd.h>

#include "cmd/terminal.hpp"

namespace shoal {

namespace {

std::mutex terminal_mutex;
drawing* standing = nullptr;

}  // namespace

std::unique_lock<std::mutex> lock_terminal() {
  return std::unique_lock(terminal_mutex);
}

void begin_drawing(drawing& one) {
  const auto lock = lock_terminal();
  standing = &one;
}

void end_drawing(const drawing& one) {
  const auto lock = lock_terminal();
  if (standing == &one) standing = nullptr;
}

void write_line(std::string_view line) {
  const auto lock = lock_terminal();
  if (standing == nullptr) {
    write_whole(STDERR_FILENO, line);
  } else {
    standing->on_line(line);
  }
}

}  // namespace shoal
