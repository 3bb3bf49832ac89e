// Log lines and what is drawn on the terminal, without one tearing the other.
//
// At most one drawing stands on the terminal at a time: progress bars, or the prompt of the console. Log lines come
// from any thread; whoever draws says how a line gets past its drawing. Process-wide, because a terminal is.
#pragma once

#include <mutex>
#include <string_view>

namespace shoal {

class drawing {
 public:
  /// Writes `line`, which ends in a newline, to stderr, and leaves the drawing whole; or keeps it for a moment. Called
  /// by any thread, which holds the lock of the terminal.
  virtual void on_line(std::string_view line) = 0;

 protected:
  virtual ~drawing() = default;
};

/// Whoever changes a drawing holds this.
[[nodiscard]] std::unique_lock<std::mutex> lock_terminal();

/// `one` stands on the terminal until end_drawing(); an earlier one that has not ended gives way to it.
void begin_drawing(drawing& one);
void end_drawing(const drawing& one);

/// A log line to stderr, past the drawing if there is one.
void write_line(std::string_view line);

}  // namespace shoal
