// How busy the processor is: this thread, this program, and everybody on this machine. Linux: proc_stat(5).
//
// All downloads of a peer ask, and share one measurement. On the network thread only, which it measures.
#pragma once

#include <cstdint>

#include "core/time.hpp"

namespace shoal {

class processor_load {
 public:
  /// Between two measurements.
  static constexpr duration interval = std::chrono::milliseconds(200);

  /// Of the last interval, 0 to 1. Zero until two measurements were taken, and what the system does not tell.
  struct shares {
    double thread = 0;   ///< of one core
    double program = 0;  ///< of all cores
    double machine = 0;  ///< of all cores
  };
  const shares& look(time_point now);
  /// As of the last measurement.
  const shares& last() const { return last_; }

 private:
  struct times {
    duration thread{};
    duration program{};
    std::uint64_t busy = 0;  ///< ticks of all cores
    std::uint64_t all = 0;
  };
  static times read();

  shares last_;
  times before_;
  time_point measured_at_{};
};

}  // namespace shoal
