// What the network tells a node of the simulation.
//
// Separates what carries (network) from what decides (node). network calls it when its events are due.
#pragma once

#include "core/bitmap.hpp"
#include "simulate/event_queue.hpp"

namespace shoal::simulate {

class host {
 public:
  virtual ~host() = default;

  // What others may know of the node: for code that looks over the shoulder of both sides.

  virtual bool has(piece_index piece) const = 0;
  virtual bitmap pieces() const = 0;
  /// The node sends wrong data for this block.
  virtual bool corrupts(piece_index piece, std::uint32_t block) const = 0;

  virtual void on_begin() = 0;
  /// The node ends, and closes its connections.
  virtual void on_die() = 0;
  virtual void on_timer(timer which) = 0;

  /// The node accepts a connection with `peer`.
  virtual bool accepts(node_index peer) const = 0;
  virtual void on_dial_failed(node_index whom) = 0;
  /// The other side answered, but one of the two did not accept.
  virtual void on_dial_refused(node_index whom) = 0;
  virtual void on_open(end_index end) = 0;
  /// The other side closed the connection.
  virtual void on_closed(end_index end) = 0;

  virtual void on_message(end_index end, const message& said) = 0;
  /// `bytes` more of the answer to the request for `range` arrived.
  virtual void on_payload(end_index end, const byte_range& range, std::uint32_t bytes) = 0;
  /// The whole answer to the other side's request for `range` was sent.
  virtual void on_served(end_index end, const byte_range& range) = 0;
  /// Whole blocks that came in at `end` were hashed and written.
  virtual void on_stored(end_index end, const byte_range& blocks) = 0;
};

}  // namespace shoal::simulate
