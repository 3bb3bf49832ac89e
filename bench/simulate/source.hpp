// A source of a simulated swarm. It does what its source_plan says, and downloads nothing.
//
// It is no model of the product. It stands for any other client, good or bad, so it drives no policy. Holds the same
// pieces from beginning to end. Owned by swarm, called by network.
#pragma once

#include <vector>

#include "simulate/host.hpp"
#include "simulate/network.hpp"
#include "simulate/source_plan.hpp"
#include "simulate/synthetic_share.hpp"

namespace shoal::simulate {

class source final : public host {
 public:
  /// All of these outlive the source. `index`: its number in the network.
  source(const source_plan& plan, std::uint64_t seed, const synthetic_share& content, network& net, node_index index);

  bool has(piece_index piece) const override;
  bitmap pieces() const override;
  bool corrupts(piece_index piece, std::uint32_t block) const override;

  void on_begin() override;
  void on_die() override;
  void on_timer(timer which) override;
  bool accepts(node_index) const override { return true; }
  void on_dial_failed(node_index) override {}
  void on_dial_refused(node_index) override {}
  void on_open(end_index end) override;
  void on_closed(end_index end) override;
  void on_message(end_index end, const message& said) override;
  void on_payload(end_index, const byte_range&, std::uint32_t) override {}
  void on_served(end_index end, const byte_range& range) override;
  void on_stored(end_index, const byte_range&) override {}

 private:
  struct request {
    end_index end;
    byte_range range;
    friend bool operator==(const request&, const request&) = default;
  };
  bool wavers() const { return plan_.treats == manner::wavers || plan_.treats == manner::drops; }
  void on_request(end_index end, const byte_range& range);
  void withdraw(end_index end, const byte_range& range);
  void drop_waiting();
  void set_wavering();

  const source_plan& plan_;
  std::uint64_t seed_;
  const synthetic_share& content_;
  network& net_;
  node_index index_;
  bool choking_ = false;
  time_point wavers_at_ = never;
  std::vector<end_index> ends_;
  std::vector<request> asked_;  ///< requests that were not answered yet
};

/// Whether a liar corrupts this block. It corrupts every second one.
bool lie_about(std::uint64_t seed, node_index liar, piece_index piece, std::uint32_t block);

}  // namespace shoal::simulate
