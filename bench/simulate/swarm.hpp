// A simulated swarm from its scenario to its outcome.
//
// Builds the nodes: 0 to seeders - 1 seed, then come leechers, liars, and leechers that replace dead ones. After the
// nodes come the sources. The seed decides which nodes are slow, die or fall silent, and which nodes know each other.
// The swarm runs until every leecher that must complete has everything. The same scenario gives the same events. Used
// by main and by tests.
#pragma once

#include <deque>
#include <vector>

#include "simulate/network.hpp"
#include "simulate/node.hpp"
#include "simulate/observer.hpp"
#include "simulate/random.hpp"
#include "simulate/scenario.hpp"
#include "simulate/source.hpp"
#include "simulate/synthetic_share.hpp"

namespace shoal::simulate {

class swarm {
 public:
  /// `how` and `seen_by` outlive the swarm.
  swarm(const scenario& how, observer& seen_by);

  /// Carries out one event. False if all are complete, or how.time_max is over.
  bool step();

  /// All leechers that neither die nor fall silent have everything.
  bool complete() const { return around_.unfinished == 0; }
  const network& net() const { return net_; }
  const synthetic_share& content() const { return content_; }
  const std::deque<node>& nodes() const { return nodes_; }
  /// The number of the source that carries out a plan.
  node_index source_of(std::size_t plan) const { return node_index{static_cast<std::uint32_t>(nodes_.size() + plan)}; }
  /// The leechers that must complete.
  const std::vector<node_index>& awaited() const { return awaited_; }
  /// The least time in which all nodes of the beginning can have everything, at the rates that they have then.
  double bound_seconds() const;
  /// Bytes per second that all nodes of the beginning can send.
  double capacity() const;

  void check_invariants() const;

 private:
  node& add(role what, double uplink_rate, double downlink_rate);
  double downlink_of(std::uint32_t leecher) const;
  double seeder_uplink() const { return how_.seeder_uplink > 0 ? how_.seeder_uplink : how_.uplink; }
  void add_leechers();
  void add_sources();
  /// Gives a node the addresses that it may dial.
  void introduce(node& who, std::size_t first_comers);

  const scenario& how_;
  random_source chance_;
  synthetic_share content_;
  network net_;
  std::deque<node> nodes_;
  std::deque<source> sources_;
  surroundings around_;
  std::vector<node_index> awaited_;
  double uplink_rate_of_leechers_ = 0;
  std::vector<time_point> comings_;  ///< when the leechers come that replace dead ones
};

}  // namespace shoal::simulate
