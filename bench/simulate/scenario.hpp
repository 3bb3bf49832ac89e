// What is simulated: the swarm, its links and what goes wrong, all from one seed. Plain data.
//
// Rates are payload rates. Framing of Ethernet, IP and TCP is not modelled, unless message_bytes_more charges control
// messages for their packets. main and tests fill it; swarm and network read it.
#pragma once

#include <cstdint>
#include <vector>

#include "core/bytes.hpp"
#include "core/time.hpp"
#include "policy/peer_book.hpp"
#include "simulate/source_plan.hpp"

namespace shoal::simulate {

/// Bytes per second of a link of so many Mbit/s.
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
  double seeder_uplink = 0;                               ///< 0: like the others
  std::vector<double> uplinks;                            ///< of the leechers, in turn; empty: like the others
  std::vector<double> downlinks;                          ///< of the leechers, in turn; empty: like the others
  duration latency = std::chrono::milliseconds(1);        ///< one way, between any two
  duration latency_spread{};                              ///< at most so much more, different for each pair
  duration start_spread{};                                ///< the leechers come at random within this time
  duration store_delay = std::chrono::microseconds(200);  ///< from the last byte of a buffer to its digests

  std::uint32_t uplink_slots = 1u << 16;      ///< sessions that one uplink serves at the same time
  std::uint32_t uplink_quantum = 16 * KiB;    ///< bytes that one session sends before another has its turn
  std::uint32_t uplink_turn_bytes = 1 * MiB;  ///< bytes that a session sends before others and messages have their turn
  std::uint32_t uplink_unsent_bytes = 0;      ///< most unsent bytes of a session; when so few are left, more are taken
  std::uint32_t message_bytes_more = 0;       ///< bytes on the uplink for each control message, on top of its length
  std::uint32_t addresses_known = 200;        ///< most addresses that a node knows, drawn at random, and all seeders
  dial_limits limits{};                       ///< the number of sessions at which a node dials no more

  double slow_share = 0;  ///< part of the leechers whose uplink is slow_factor times slower
  double slow_factor = 10;
  double churn_share = 0;   ///< part of the leechers that die at a random time; a new leecher comes for each
  double silent_share = 0;  ///< part of the leechers that fall silent at a random time
  std::uint32_t liars = 0;  ///< additional nodes that claim to hold everything and corrupt every second block
  duration trouble_time = std::chrono::seconds(10);  ///< from the beginning; nodes die and fall silent within this time
  duration seeder_begins = duration::zero();         ///< when the seeders come
  duration seeder_dies = duration::zero();           ///< they die after this time; zero: never
  std::vector<source_plan> sources;                  ///< additional nodes that only serve, each in its own way
  duration time_max = std::chrono::hours(2);
};

}  // namespace shoal::simulate
