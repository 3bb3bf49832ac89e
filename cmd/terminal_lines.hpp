// Log lines and the drawing on the terminal, so that neither tears the other.
//
// At most one drawing is on the terminal at a time: progress bars, or the prompt of the console. Log lines come from
// any thread. The drawing decides how a line gets past it. Process-wide, because a terminal is.
#pragma once

#include <mutex>
#include <string_view>

namespace shoal {

class drawing {
 public:
  /// Writes `line`, which ends in a newline, to stderr and leaves the drawing whole; or keeps the line for a moment.
  /// Any thread may call it. The caller holds the lock of the terminal.
  virtual void on_line(std::string_view line) = 0;

 protected:
  virtual ~drawing() = default;
};

/// Code that changes a drawing holds this lock.
[[nodiscard]] std::unique_lock<std::mutex> lock_terminal();

/// `one` stays on the terminal until end_drawing(). An earlier drawing that has not ended gives way to it.
void begin_drawing(drawing& one);
void end_drawing(const drawing& one);

/// Writes a log line to stderr, past the drawing if there is one.
void write_line(std::string_view line);

}  // namespace shoal
