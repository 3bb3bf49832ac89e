// Memory that long messages of all sessions of a process take together: those that are not complete, beyond the buffer
// that each session has, and those that are kept until they can be read.
//
// A bitfield of a large share is longer than that buffer. A sender that never ends it must not take memory from all.
// Nor must those that name their pieces before anybody knows how many there are. One for the process; its frame readers
// and remote_peer ask it. Pure.
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

/// What one owner has taken of it, and gives back at its end.
class taken_memory {
 public:
  /// `from` outlives this. Null: nobody bounds it.
  explicit taken_memory(frame_memory* from) : from_(from) {}
  ~taken_memory() { give_back(); }
  taken_memory(const taken_memory&) = delete;
  taken_memory& operator=(const taken_memory&) = delete;

  [[nodiscard]] bool take(std::size_t bytes) {
    if (from_ == nullptr) return true;
    if (!from_->take(bytes)) return false;
    bytes_ += bytes;
    return true;
  }
  void give_back() {
    if (bytes_ > 0) from_->give_back(bytes_);
    bytes_ = 0;
  }

 private:
  frame_memory* from_;
  std::size_t bytes_ = 0;
};

}  // namespace shoal::wire
