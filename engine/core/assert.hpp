// SHOAL_ASSERT: a programmer's error ends the process at once, in every build.
//
// Input from peers, files or users never reaches an assertion: such input is rejected with an error (error.hpp).
#pragma once

namespace shoal {

/// Prints the failed condition to stderr and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace shoal

#define SHOAL_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::shoal::assertion_failed(#condition, __FILE__, __LINE__))
