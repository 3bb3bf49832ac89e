// One downloader and an uneven set of sources: the time that the download takes, beside the time that it must take.
//
// The downloader's downlink is unlimited. So its time says how well it uses what the sources can give. Sources that
// serve at the same rate all the time must be used to the full. What the other sources give may help and must not harm.
// Used by tests/sim and by the program simulate_uneven.
#pragma once

#include <cstdint>
#include <vector>

#include "simulate/observer.hpp"
#include "simulate/scenario.hpp"
#include "simulate/swarm.hpp"

namespace shoal::simulate {

/// A run is good if it ends within this factor of the fluid time, plus so many round trips and so much time. If only
/// some sources hold a piece, the time of one more piece is allowed.
inline constexpr double uneven_time_factor = 1.05;
inline constexpr int uneven_round_trips = 20;
inline constexpr duration uneven_time_more = std::chrono::seconds(1);
/// A good run receives no more than this part of the share twice. What a source whose uplink stands still, or nearly,
/// holds in its kernel then is allowed, too: others fetch it meanwhile, and it comes all the same.
inline constexpr double uneven_duplicates_max = 0.02;
inline constexpr std::uint64_t uneven_beyond_recall = 128 * KiB;

/// The fewest seconds in which the steady sources can send everything. What only some of them hold takes as long as
/// these need. If all hold everything, it is size / sum of the rates. At most 16 sources are steady, and together they
/// hold all.
double fluid_seconds(const scenario& how);

struct uneven_outcome {
  bool complete = false;  ///< within scenario::time_max
  double seconds = 0;
  double fluid = 0;             ///< fluid_seconds
  double limit = 0;             ///< most seconds that a good run takes
  double duplicates = 0;        ///< part of the share that came twice
  double duplicates_limit = 0;  ///< duplicates of a good run at most
  std::uint64_t requeued = 0;
  std::uint64_t stolen = 0;
  std::vector<std::uint64_t> bytes_sent;  ///< by each source

  double over_limit() const { return seconds / limit; }
  bool in_time() const { return complete && seconds <= limit; }
  bool good() const { return in_time() && duplicates <= duplicates_limit; }
};

/// Runs the scenario, which has sources and one leecher, and checks the invariants of the leecher on the way.
uneven_outcome run_uneven(const scenario& how, observer& seen_by);

}  // namespace shoal::simulate
