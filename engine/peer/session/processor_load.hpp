// How busy the processor is: this thread, this program, and everybody on this machine. Linux: proc_stat(5).
//
// All downloads of a peer ask, and share one measurement. On the network thread only, which it measures.
#pragma once

#include <cstdint>

#include "core/time.hpp"

namespace shoal {

class processor_load {
 public:
  /// Between two measurements of this program, and of everybody: the system takes longer to tell that.
  static constexpr duration interval = std::chrono::milliseconds(200);
  static constexpr duration machine_interval = std::chrono::seconds(1);
  /// A measurement that is older says nothing.
  static constexpr duration age_max = std::chrono::seconds(3);

  /// Of the last interval, 0 to 1. Zero until two measurements were taken, and what the system does not tell.
  struct shares {
    double thread = 0;   ///< of one core
    double program = 0;  ///< of all cores
    double machine = 0;  ///< of all cores
  };
  const shares& look(time_point now);
  /// As of the last measurement; zero if that is too old.
  shares last(time_point now) const { return now - measured_at_ > age_max ? shares() : last_; }

 private:
  /// Ticks of all cores.
  struct ticks {
    std::uint64_t busy = 0;
    std::uint64_t all = 0;
  };
  static ticks read_ticks();
  void look_at_machine(time_point now);

  shares last_;
  duration thread_{};   ///< at measured_at_
  duration program_{};  ///< likewise
  time_point measured_at_{};
  ticks ticks_;  ///< at ticks_at_
  time_point ticks_at_{};
};

}  // namespace shoal
