// Lets so many log lines of one kind through in a minute, so that nobody can fill a disk from outside.
//
// The next line that passes says how many were left out. One object for each kind of line, owned by who writes it, on
// one thread. Knows no clock.
#pragma once

#include <cstdint>
#include <utility>

#include "core/time.hpp"

namespace shoal {

class log_limit {
 public:
  explicit log_limit(unsigned lines_per_minute = 6) : lines_(lines_per_minute) {}

  /// Whether a line may be written now. A line that may not counts as left out.
  bool pass(time_point now) {
    if (now >= minute_ends_) {
      minute_ends_ = now + std::chrono::minutes(1);
      written_ = 0;
    }
    if (written_ < lines_) {
      ++written_;
      return true;
    }
    ++left_out_;
    return false;
  }
  /// Lines that were left out since the last call. For the line that passes.
  std::uint64_t take_left_out() { return std::exchange(left_out_, 0); }

 private:
  unsigned lines_;
  unsigned written_ = 0;
  std::uint64_t left_out_ = 0;
  time_point minute_ends_ = time_point::min();
};

}  // namespace shoal
