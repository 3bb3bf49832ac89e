// One downloader and an uneven set of sources: how long it takes, beside how long it has to.
//
// The downloader's downlink is unlimited, so that its time says how well it uses what the sources can give. Those that
// serve at the same rate all the time must be used to the full; what the others give may help and must not harm. Used
// by tests/sim and by the program simulate_uneven.
#pragma once

#include <cstdint>
#include <vector>

#include "simulate/observer.hpp"
#include "simulate/scenario.hpp"
#include "simulate/swarm.hpp"

namespace shoal::simulate {

/// A run is good if it ends within this much of the fluid time, so many round trips and so long in all, and where only
/// some hold a piece the time of one more piece,
inline constexpr double uneven_time_factor = 1.05;
inline constexpr int uneven_round_trips = 20;
inline constexpr duration uneven_time_more = std::chrono::seconds(1);
/// and if no more of the share than this is received twice, besides what each source whose uplink stands still, or
/// nearly, holds in its kernel then: others fetch it meanwhile, and it comes all the same.
inline constexpr double uneven_duplicates_max = 0.02;
inline constexpr std::uint64_t uneven_beyond_recall = 128 * KiB;

/// Least seconds in which the steady ones of `sources` can send everything: what only some of them hold takes as long
/// as these need. With full holders alone, size / sum of the rates. At most 16 are steady, and together they hold all.
double fluid_seconds(const scenario& how);

struct uneven_outcome {
  bool complete = false;  ///< within scenario::time_max
  double seconds = 0;
  double fluid = 0;             ///< fluid_seconds
  double limit = 0;             ///< seconds that a good run takes at most
  double duplicates = 0;        ///< part of the share
  double duplicates_limit = 0;  ///< of a good run
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
