// The one owner of a file descriptor.
#pragma once

#include <utility>

namespace shoal {

/// Owns a descriptor, or none (-1).
class unique_descriptor {
 public:
  unique_descriptor() = default;
  explicit unique_descriptor(int descriptor) : descriptor_(descriptor) {}
  ~unique_descriptor() { reset(); }
  unique_descriptor(unique_descriptor&& other) noexcept : descriptor_(other.release()) {}
  unique_descriptor& operator=(unique_descriptor&& other) noexcept {
    reset(other.release());
    return *this;
  }

  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }
  int release() { return std::exchange(descriptor_, -1); }
  /// Closes the descriptor that it owns, then owns `descriptor`.
  void reset(int descriptor = -1);

 private:
  int descriptor_ = -1;
};

}  // namespace shoal
