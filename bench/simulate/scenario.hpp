// What is simulated: the swarm, its links and what goes wrong, all from one seed. Plain data.
//
// Rates are payload rates: framing of Ethernet, IP and TCP is not modelled, unless message_bytes_more charges control
// messages for their packets. Filled by main and by tests, read by swarm and network.
#pragma once

#include <cstdint>
#include <vector>

#include "core/bytes.hpp"
#include "core/time.hpp"
#include "policy/peer_book.hpp"
#include "simulate/source_plan.hpp"

namespace shoal::simulate {

/// bytes per second of a link that is given in Mbit/s.
constexpr double bytes_per_second(double mbit) {
  return mbit * 1e6 / 8;
}

struct scenario {
  std::uint64_t seed = 1;
  std::uint64_t share_bytes = 64 * MiB;
  std::uint32_t piece_bytes = 0;  ///< 0: as the product chooses
  std::uint32_t leechers = 16;
  std::uint32_t seeders = 1;

  double uplink = bytes_per_second(40);                   ///< of each node, bytes per second
  double downlink = bytes_per_second(160);                ///< of each node, bytes per second
  double seeder_uplink = 0;                               ///< 0: as the others
  std::vector<double> uplinks;                            ///< of the leechers, in turn; empty: as the others
  std::vector<double> downlinks;                          ///< of the leechers, in turn; empty: as the others
  duration latency = std::chrono::milliseconds(1);        ///< one way, between any two
  duration latency_spread{};                              ///< more than that at most, different for each pair
  duration start_spread{};                                ///< the leechers come at random within this time
  duration store_delay = std::chrono::microseconds(200);  ///< from the last byte of a buffer to its digests

  std::uint32_t uplink_slots = 1u << 16;      ///< sessions that one uplink serves at the same time
  std::uint32_t uplink_quantum = 16 * KiB;    ///< what one session sends before another of them has its turn
  std::uint32_t uplink_turn_bytes = 1 * MiB;  ///< what a session sends before it gives its slot and messages their turn
  std::uint32_t uplink_unsent_bytes = 0;      ///< of a session, at most: when only so much is left, more is taken
  std::uint32_t message_bytes_more = 0;       ///< on the uplink, for each control message beyond its own length
  std::uint32_t addresses_known = 256;        ///< of other nodes, at most, drawn at random, and all seeders
  dial_limits limits{};                       ///< sessions with which a node dials no more

  double slow_share = 0;  ///< of the leechers; their uplink is slow_factor times slower
  double slow_factor = 10;
  double churn_share = 0;   ///< of the leechers die at a random time, and a new one comes for each
  double silent_share = 0;  ///< of the leechers fall silent at a random time
  std::uint32_t liars = 0;  ///< nodes more, which claim to hold everything and corrupt every second block
  duration trouble_time = std::chrono::seconds(10);  ///< from the beginning; within it nodes die and fall silent
  duration seeder_begins = duration::zero();         ///< when the seeders come
  duration seeder_dies = duration::zero();           ///< after this time; zero: never
  std::vector<source_plan> sources;                  ///< nodes more, which only serve, each in its own way
  duration time_max = std::chrono::hours(2);
};

}  // namespace shoal::simulate
