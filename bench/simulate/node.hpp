// One peer of a simulated swarm. It drives the product's transfer, serving and peer_book as the product does.
//
// Does the work of peer/share/download, peer/share/share and peer/session/session around the policy, without sockets
// and disks. It reports events with on_*(…, now), and sends what next_*() returns. It serves what it holds, and
// announces each verified piece to all sessions at once. Decides nothing itself. A liar claims to hold everything, and
// corrupts every second block that it serves. Owned by swarm, called by network.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/bitmap.hpp"
#include "policy/peer_book.hpp"
#include "policy/serving.hpp"
#include "policy/transfer.hpp"
#include "simulate/host.hpp"
#include "simulate/network.hpp"
#include "simulate/observer.hpp"
#include "simulate/scenario.hpp"
#include "simulate/synthetic_share.hpp"

namespace shoal::simulate {

enum class role : std::uint8_t { seeder, leecher, liar };

/// What all nodes of one simulation share.
struct surroundings {
  const scenario& how;
  const synthetic_share& content;
  network& net;
  observer& seen_by;
  std::size_t unfinished = 0;  ///< nodes that must complete and have not yet
};

class node final : public host {
 public:
  /// `index`: the node's number in the network and among the nodes.
  node(surroundings& around, role what, node_index index);

  /// Called before the simulation begins. The simulation then goes on until this leecher is complete.
  void set_awaited();

  node_index index() const { return index_; }
  /// The tracker told of another node.
  void on_found(node_index other, bool seeder);

  void on_begin() override;
  void on_die() override;
  void on_timer(timer which) override;
  bool accepts(node_index peer) const override;
  void on_dial_failed(node_index whom) override;
  void on_dial_refused(node_index whom) override;
  void on_open(end_index end) override;
  void on_closed(end_index end) override;
  void on_message(end_index end, const message& said) override;
  void on_payload(end_index end, const byte_range& range, std::uint32_t bytes) override;
  void on_served(end_index end, const byte_range& range) override;
  void on_stored(end_index end, const byte_range& blocks) override;

  role what() const { return role_; }
  bool complete() const { return role_ != role::leecher || completed_ != never; }
  bool has(piece_index piece) const override;
  bitmap pieces() const override;
  bool corrupts(piece_index piece, std::uint32_t block) const override;
  time_point begun() const { return begun_; }
  /// When the node was complete; `never` before.
  time_point completed() const { return completed_; }
  std::uint64_t verified_bytes() const;
  transfer::totals totals() const;
  std::size_t sessions() const { return ends_.size(); }
  void check_invariants() const;

 private:
  /// What this side knows of one connection.
  struct session {
    explicit session(end_index at) : end(at) {}
    end_index end;
    std::optional<source_id> source;
    leecher_id leecher;             ///< numbered like sessions_
    bool interested = false;        ///< whether this side said that it is interested
    std::uint32_t pieces_held = 0;  ///< pieces that the other side holds
    std::uint32_t received = 0;     ///< bytes received of the present answer
    std::uint32_t reported = 0;     ///< bytes of these that were reported, in whole buffers
    byte_range receiving;
  };

  time_point now() const { return around_.net.now(); }
  node_index peer_of(end_index end) const { return around_.net.owner(other_end(end)); }
  session& at(end_index end) { return sessions_[around_.net.tag(end)]; }
  bool open(end_index end) const { return around_.net.open(end); }
  bool has_all(const session& other) const { return other.pieces_held == around_.content.shape().piece_count(); }
  bool downloading() const { return transfer_ != nullptr; }
  sessions_held held();
  void dial_more();
  const host& peer_host(end_index end) const { return around_.net.at(peer_of(end)); }
  void detach(session& gone);
  /// `again`: the node is worth another dial.
  void close(session& which, bool again);
  void close_if_both_complete(session& which);
  void on_hello(session& from);
  void on_request(session& from, const byte_range& range);
  void take_blocks(session& from, const byte_range& range);
  void store_run(end_index end, const byte_range& blocks);
  void on_piece_verified(piece_index piece);
  void on_download_complete();
  void pump(session& to);
  void pump_all();
  void follow_decisions();
  void follow_orders();
  /// Requests that serving granted will not be served.
  void refuse(const session& to, std::span<const byte_range> ranges);
  void sweep_at(time_point when);
  void after_event(session& from);

  // node_leaves.cpp: finding out who lied.
  void on_leaves(session& from, piece_index piece);
  void on_leaves_refused(session& from, piece_index piece);

  surroundings& around_;
  role role_;
  node_index index_;
  peer_book book_;
  std::unique_ptr<transfer> transfer_;
  serving serving_;
  time_point turns_due_ = never;
  time_point sweep_at_{};
  std::deque<session> sessions_;  ///< in the order in which they opened
  std::vector<end_index> ends_;   ///< ends of the open sessions
  std::vector<end_index> by_source_;
  transfer::totals totals_;  ///< set once the node is complete
  bool awaited_ = false;
  time_point begun_ = never;
  time_point heard_{};  ///< when payload last came
  time_point completed_ = never;
};

/// The address of a node, as policy sees it.
peer_address address_of(node_index node);
node_index node_at(const peer_address& where);
peer_id id_of(node_index node);

}  // namespace shoal::simulate
