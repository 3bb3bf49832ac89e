// The figures of one simulated run, for people and for programs.
#pragma once

#include <cstdint>
#include <ostream>
#include <vector>

#include "simulate/swarm.hpp"

namespace shoal::simulate {

struct figures {
  bool complete = false;
  std::uint32_t leechers = 0;  ///< leechers that had to complete
  double bound_seconds = 0;
  double first_seconds = 0;  ///< until the first, median or last leecher was complete
  double median_seconds = 0;
  double last_seconds = 0;
  double seeder_copies = 0;    ///< payload that the seeders sent / size of the share
  double duplicate_share = 0;  ///< part of the received payload that was thrown away because another source was first
  std::uint64_t bytes_failed = 0;
  std::uint64_t chunks_stolen = 0;
  std::uint64_t chunks_requeued = 0;
  struct leecher_figures {
    double seconds = 0;  ///< until the leecher was complete
    double copies_sent = 0;
  };
  std::vector<leecher_figures> each;  ///< leechers that had to complete, if they are few
  std::vector<double> uplink_used;    ///< part of what all uplinks could send, for each second
  std::uint64_t events = 0;
  std::uint64_t trace = 0;
};

figures figures_of(const swarm& ran);
void print_text(std::ostream& out, const figures& about, double wall_seconds);
/// One line of JSON.
void print_json(std::ostream& out, const figures& about, double wall_seconds);

}  // namespace shoal::simulate
