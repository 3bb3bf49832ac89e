// How much of its time the calling thread works, and how much it waits for a processor that others have.
//
// An object measures the network thread: all downloads of a peer ask it, on that thread, and share one measurement.
// Any thread may ask how long it waited itself. Linux: the second number of /proc/thread-self/schedstat (sched-stats of
// the kernel's documentation) is the time of waiting. A limit of the control group counts as well. Where the kernel
// does not tell it, it is 0.
#pragma once

#include "core/time.hpp"

namespace shoal {

class thread_load {
 public:
  /// Between two measurements.
  static constexpr duration interval = std::chrono::milliseconds(200);
  /// A measurement that is older says nothing.
  static constexpr duration age_max = std::chrono::seconds(3);

  /// How long the calling thread has waited for a processor since it asked last, or began. A system call on a file that
  /// stays open.
  static duration waited_since_last();

  /// Of the time since the measurement before, 0 to 1. Zero until there are two.
  struct shares {
    double works = 0;
    double waits = 0;  ///< it could work, and somebody else has the processor
  };
  const shares& look(time_point now);
  /// As of the last measurement; zero if that is too old.
  shares last(time_point now) const { return now - measured_at_ > age_max ? shares() : last_; }

 private:
  /// Since the thread began.
  struct spent {
    duration working{};
    duration waiting{};
  };
  static spent read();

  shares last_;
  spent spent_;  ///< at measured_at_
  time_point measured_at_{};
};

}  // namespace shoal
