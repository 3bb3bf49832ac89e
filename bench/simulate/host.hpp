// What the network tells a node of the simulation.
//
// Separates what carries (network) from what decides (node). Called by network as its events come due.
#pragma once

#include "core/bitmap.hpp"
#include "simulate/event_queue.hpp"

namespace shoal::simulate {

class host {
 public:
  virtual ~host() = default;

  // What others may know of it: for those that look over the shoulder of both sides.

  virtual bool has(piece_index piece) const = 0;
  virtual bitmap pieces() const = 0;
  /// What it sends for this block is not what belongs there.
  virtual bool corrupts(piece_index piece, std::uint32_t block) const = 0;

  virtual void on_begin() = 0;
  /// The node ends; it closes its connections.
  virtual void on_die() = 0;
  virtual void on_timer(timer which) = 0;

  /// A connection with `peer` is welcome.
  virtual bool accepts(node_index peer) const = 0;
  virtual void on_dial_failed(node_index whom) = 0;
  /// The other side answered, but one of both did not accept.
  virtual void on_dial_refused(node_index whom) = 0;
  virtual void on_open(end_index end) = 0;
  /// Closed by the other side.
  virtual void on_closed(end_index end) = 0;

  virtual void on_message(end_index end, const message& said) = 0;
  /// `bytes` more of the answer to the request for `range`.
  virtual void on_payload(end_index end, const byte_range& range, std::uint32_t bytes) = 0;
  /// The answer to the other side's request for `range` left.
  virtual void on_served(end_index end, const byte_range& range) = 0;
  /// Whole blocks that came in at `end` were hashed and written.
  virtual void on_stored(end_index end, const byte_range& blocks) = 0;
};

}  // namespace shoal::simulate
