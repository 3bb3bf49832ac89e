// The clock of all policy. Pure code takes `now` as an argument and never reads it.
//
// Steady: if the machine's date changes, no deadline moves.
#pragma once

#include <chrono>

namespace shoal {

using clock = std::chrono::steady_clock;
using time_point = clock::time_point;
using duration = clock::duration;

/// "No deadline": later than every time point that occurs.
inline constexpr time_point never = time_point::max();

}  // namespace shoal
