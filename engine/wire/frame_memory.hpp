// Memory that unfinished messages of all sessions of a process take together, beyond the buffer that each has.
//
// A bitfield of a large share is longer than that buffer. A sender that never ends it must not take memory from all.
// One for the process; its frame readers ask it. Pure.
#pragma once

#include <cstddef>

#include "core/assert.hpp"

namespace shoal::wire {

class frame_memory {
 public:
  /// Room for 64 of the longest bitfields at once.
  static constexpr std::size_t bytes_max = 32 * 1024 * 1024;

  explicit frame_memory(std::size_t bytes = bytes_max) : left_(bytes) {}

  /// False if too much is taken already.
  [[nodiscard]] bool take(std::size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }
  void give_back(std::size_t bytes) { left_ += bytes; }
  std::size_t left() const { return left_; }

 private:
  std::size_t left_;
};

}  // namespace shoal::wire
