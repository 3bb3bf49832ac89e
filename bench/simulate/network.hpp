// Carries messages and payload between simulated nodes. It models latency, uplinks that are the bottleneck, and
// downlinks that limit.
//
// - Payload leaves a node in quanta, one at a time, as its uplink decides.
// - A message takes the latency. If its session is sending a range, the message waits until the range is over. In the
//   product one writer does both, too.
// - What one end sends arrives in order.
// - A receiver whose downlink is behind is passed over, as TCP would.
//
// Owns the events. Nodes hear of them through host, and outlive the network.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "core/bitmap.hpp"
#include "simulate/event_queue.hpp"
#include "simulate/host.hpp"
#include "simulate/scenario.hpp"
#include "simulate/uplink.hpp"

namespace shoal::simulate {

class network {
 public:
  /// `how` outlives the network.
  explicit network(const scenario& how);

  /// Adds a node. It is absent until begin_at. Rates are bytes per second.
  node_index add(host& node, double uplink_rate, double downlink_rate);
  void begin_at(node_index node, time_point at);
  void die_at(node_index node, time_point at);
  void fall_silent_at(node_index node, time_point at);
  /// Sets the uplink's rate from `at` on. At 0 nothing leaves or reaches the node until the next change, and nothing is
  /// lost.
  void set_uplink_at(node_index node, double rate, time_point at);
  /// Sets the node's own latency, one way, on top of the latency between any two nodes.
  void set_latency(node_index node, duration latency);

  /// Carries out the next event. There is one as long as a node sets its timer again.
  void step();

  // For nodes.

  time_point now() const { return events_.now(); }
  void set_timer(node_index node, timer which, time_point at);
  void dial(node_index from, node_index to);
  /// Closes the connection; the other side learns of it. Makes no call of host.
  void close(end_index end);
  void send(end_index from, const message& said);
  /// Sends hello, with the pieces that this side holds.
  void greet(end_index from, bitmap pieces);
  /// The pieces of the other side's hello. Only once.
  bitmap greeting(end_index to);
  /// Sends the same message to the other sides of all these ends.
  void broadcast(node_index from, std::span<const end_index> ends, const message& said);
  /// Queues payload to be sent from this end.
  void serve(end_index from, const byte_range& range);
  /// Withdraws a range. True if the range waited, so that it is not sent now.
  bool withdraw(end_index from, const byte_range& range);
  /// Withdraws the ranges that wait beyond so many bytes, and returns them.
  std::vector<byte_range> withdraw_beyond(end_index from, std::uint64_t bytes);
  void store(end_index came_in_at, const byte_range& blocks);

  /// The latency between two nodes, one way.
  duration latency(node_index one, node_index other) const;
  const host& at(node_index node) const { return lines_[node.value()].node; }
  node_index owner(end_index end) const { return ends_[end.value()].owner; }
  bool open(end_index end) const { return ends_[end.value()].open; }
  /// A number by which the owner of an end finds its session.
  std::uint32_t tag(end_index end) const { return ends_[end.value()].tag; }
  void set_tag(end_index end, std::uint32_t tag) { ends_[end.value()].tag = tag; }

  // Figures.

  const event_queue& events() const { return events_; }
  /// Payload that the node sent.
  std::uint64_t bytes_sent(node_index node) const { return lines_[node.value()].bytes_sent; }
  /// Payload that all nodes sent, per second of the simulation.
  const std::vector<std::uint64_t>& bytes_by_second() const { return bytes_by_second_; }

 private:
  enum class condition : std::uint8_t { absent, present, silent, gone };
  struct uplink_change {
    time_point at;
    double rate;
  };
  /// The connection of one node to the world.
  struct line {
    line(host& who, double up, double down, std::uint32_t slots)
        : node(who), up_rate(up), down_rate(down), out(slots) {}
    host& node;
    condition state = condition::absent;
    double up_rate;                       ///< bytes per second; 0: the uplink stands still
    std::deque<uplink_change> changes{};  ///< future changes, in order of time
    duration latency{};
    double down_rate;
    /// When its downlink will have carried all that was sent to it, as if there were no latency. So data from afar does
    /// not keep out data that is sent near by at the same time.
    time_point down_free{};
    uplink out;
    bool sending = false;
    end_index sender;                 ///< the sender of the present quantum
    std::uint32_t quantum = 0;        ///< bytes of the present quantum
    std::uint64_t message_bytes = 0;  ///< bytes of messages sent meanwhile; the next quantum pays for them
    std::uint64_t bytes_sent = 0;
  };
  struct connection_end {
    node_index owner;
    bool open = true;
    std::uint32_t tag = 0;
    time_point arrives{};  ///< when the last data sent from here arrives
  };
  /// The rest of one end. It is apart because most events do not touch it, and memory is the bottleneck of a simulated
  /// crowd.
  struct sender {
    bitmap pieces;                ///< the pieces in the hello that is under way
    std::vector<message> outbox;  ///< messages that wait for the end of the range that is being sent
    uplink_turn out;
  };

  void handle(const event& what);
  void on_uplink(node_index node);
  bool stands_still(node_index node) const { return lines_[node.value()].up_rate <= 0; }
  /// `now`, or the time at which the node goes on.
  time_point awake(node_index node) const;
  void open_connection(node_index from, node_index to);
  void deliver(end_index from, const message& said);
  void charge(node_index node, const message& said);
  void close_here(end_index end);
  void start_sending(node_index node);
  std::uint32_t quantum_of(const line& out) const;
  /// Moves waiting requests into the turn. After that they cannot be withdrawn.
  void extend_turn(uplink_turn& out) const;
  /// Bytes that the kernel keeps unsent for one session.
  std::uint64_t unsent_bytes(node_index node) const;
  /// Takes as much into the turn as the kernel keeps unsent. The uploader has given that away, and prepares the next.
  void take_ahead(node_index node, uplink_turn& out) const;
  void end_turn(end_index from);
  void on_sent(node_index node);
  bool withdraw_from_turn(node_index node, uplink_turn& mine, const byte_range& range) const;
  bool can_receive(end_index from, time_point& soonest) const;
  bool hears(node_index node) const { return lines_[node.value()].state == condition::present; }

  const scenario& how_;
  event_queue events_;
  std::deque<line> lines_;
  std::vector<connection_end> ends_;
  std::deque<sender> senders_;                 ///< in the same order as ends_
  std::vector<std::vector<end_index>> lists_;  ///< the ends of broadcasts that are under way
  std::vector<std::uint32_t> lists_free_;
  std::vector<std::uint64_t> bytes_by_second_;
  bool alike_;  ///< the latency is the same between any two nodes
};

}  // namespace shoal::simulate
