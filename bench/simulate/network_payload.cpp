// network: payload from uplink to downlink.

#include <algorithm>
#include <cmath>

#include "core/assert.hpp"
#include "policy/unsent_limit.hpp"
#include "simulate/network.hpp"

namespace shoal::simulate {

namespace {

// A receiver is passed over while its downlink is booked for longer than this. That is what a queue of a few packets
// and a socket hold.
constexpr duration downlink_behind_max = std::chrono::milliseconds(20);

// What one session sends at once takes no longer than this, unless it is less than a packet. A slow uplink sends
// packets, and does not stand still for a quantum.
constexpr double quantum_seconds_max = 0.1;
constexpr std::uint32_t packet_bytes = 1 * KiB;

duration time_for(std::uint64_t bytes, double rate) {
  return duration(std::llround(static_cast<double>(bytes) * 1e9 / rate));
}

}  // namespace

void network::serve(end_index from, const byte_range& range) {
  if (!open(from)) return;
  uplink_turn& mine = senders_[from.value()].out;
  mine.waiting.push_back(range);
  take_ahead(owner(from), mine);
  if (mine.state != uplink_turn::condition::idle) return;
  lines_[owner(from).value()].out.put(from, mine);
  start_sending(owner(from));
}

bool network::withdraw(end_index from, const byte_range& range) {
  uplink_turn& mine = senders_[from.value()].out;
  auto& waiting = mine.waiting;
  const auto at = std::find(waiting.begin(), waiting.end(), range);
  if (at == waiting.end()) return withdraw_from_turn(owner(from), mine, range);
  waiting.erase(at);
  if (waiting.empty() && mine.turn.empty()) end_turn(from);
  return true;
}

std::vector<byte_range> network::withdraw_beyond(end_index from, std::uint64_t bytes) {
  uplink_turn& mine = senders_[from.value()].out;
  std::vector<byte_range> beyond;
  std::uint64_t kept = 0;
  std::erase_if(mine.waiting, [&](const byte_range& range) {
    if (kept + range.bytes <= bytes) {
      kept += range.bytes;
      return false;
    }
    kept = bytes;
    beyond.push_back(range);
    return true;
  });
  if (!beyond.empty() && mine.waiting.empty() && mine.turn.empty()) end_turn(from);
  return beyond;
}

bool network::withdraw_from_turn(node_index node, uplink_turn& mine, const byte_range& range) const {
  // What is in the kernel, or has begun to go there, is out of the uploader's hands.
  std::uint64_t ahead = 0;
  for (auto one = mine.turn.rbegin(); one != mine.turn.rend(); ++one) {
    const bool begun = one == mine.turn.rbegin();
    if (*one == range) {
      if (begun || ahead < unsent_bytes(node)) return false;
      mine.turn.erase(std::next(one).base());
      return true;
    }
    ahead += begun ? one->bytes - mine.sent : one->bytes;
  }
  return false;
}

bool network::can_receive(end_index from, time_point& soonest) const {
  const node_index receiver = owner(other_end(from));
  const line& to = lines_[receiver.value()];
  if (to.state != condition::present) return false;
  if (to.down_free <= now() + downlink_behind_max) return true;
  soonest = std::min(soonest, to.down_free - downlink_behind_max);
  return false;
}

std::uint32_t network::quantum_of(const line& out) const {
  const auto most = static_cast<std::uint32_t>(std::min(out.up_rate * quantum_seconds_max, 1e9));
  return std::min(how_.uplink_quantum, std::max(most, packet_bytes));
}

void network::extend_turn(uplink_turn& out) const {
  std::uint32_t bytes = 0;
  std::size_t count = 0;
  while (count < out.waiting.size() && bytes < how_.uplink_turn_bytes) bytes += out.waiting[count++].bytes;
  const auto end = out.waiting.begin() + static_cast<std::ptrdiff_t>(count);
  out.turn.insert(out.turn.begin(), std::make_reverse_iterator(end), out.waiting.rend());
  out.waiting.erase(out.waiting.begin(), end);
}

std::uint64_t network::unsent_bytes(node_index node) const {
  const double held = lines_[node.value()].up_rate * std::chrono::duration<double>(unsent_limit::held).count();
  return std::min<std::uint64_t>(how_.uplink_unsent_bytes,
                                 std::max(unsent_limit::bytes_min, static_cast<std::uint32_t>(std::min(held, 1e9))));
}

void network::take_ahead(node_index node, uplink_turn& out) const {
  if (how_.uplink_unsent_bytes == 0 || out.turn.empty()) return;
  std::uint64_t bytes = 0;
  for (const byte_range& range : out.turn) bytes += range.bytes;
  if (bytes - out.sent <= unsent_bytes(node)) extend_turn(out);
}

void network::end_turn(end_index from) {
  uplink_turn& mine = senders_[from.value()].out;
  uplink& out = lines_[owner(from).value()].out;
  out.take_out(from, mine);
  if (!mine.waiting.empty()) out.put(from, mine);
}

void network::start_sending(node_index node) {
  line& out = lines_[node.value()];
  if (out.sending || stands_still(node) || out.state != condition::present) return;
  out.out.fill_slots();
  time_point soonest = never;
  const auto chosen = out.out.next([&](end_index end) { return can_receive(end, soonest); });
  if (!chosen) {
    // Looked at again when the first receiver has room.
    if (soonest == never) return;
    out.sending = true;
    out.quantum = 0;
    events_.put({.at = soonest, .node = node, .type = event::kind::sent});
    return;
  }
  uplink_turn& from = senders_[chosen->value()].out;
  if (from.turn.empty()) extend_turn(from);
  SHOAL_ASSERT(!from.turn.empty());
  out.sending = true;
  out.sender = *chosen;
  out.quantum = std::min(quantum_of(out), from.turn.back().bytes - from.sent);
  const duration takes = time_for(out.quantum + out.message_bytes, out.up_rate);
  out.message_bytes = 0;
  events_.put({.at = now() + takes, .node = node, .end = *chosen, .type = event::kind::sent});
}

void network::on_sent(node_index node) {
  line& out = lines_[node.value()];
  out.sending = false;
  if (out.state != condition::present) return;
  sender& mine = senders_[out.sender.value()];
  if (out.quantum > 0) {
    out.bytes_sent += out.quantum;
    const auto second =
        static_cast<std::size_t>(std::chrono::floor<std::chrono::seconds>(now().time_since_epoch()).count());
    if (second >= bytes_by_second_.size()) bytes_by_second_.resize(second + 1);
    bytes_by_second_[second] += out.quantum;
  }
  if (out.quantum > 0 && open(out.sender)) {
    const end_index to = other_end(out.sender);
    line& receiver = lines_[owner(to).value()];
    const byte_range range = mine.out.turn.back();
    time_point& arrives = ends_[out.sender.value()].arrives;
    receiver.down_free = std::max(receiver.down_free, now()) + time_for(out.quantum, receiver.down_rate);
    arrives = std::max(arrives, receiver.down_free + latency(node, owner(to)));
    events_.put(
        {.at = arrives, .end = to, .amount = out.quantum, .type = event::kind::payload, .said = {.range = range}});
    mine.out.sent += out.quantum;
    mine.out.bytes_served += out.quantum;
    take_ahead(node, mine.out);
    if (mine.out.sent == range.bytes) {
      mine.out.turn.pop_back();
      mine.out.sent = 0;
      for (const message& said : mine.outbox) deliver(out.sender, said);
      mine.outbox.clear();
      if (mine.out.turn.empty()) end_turn(out.sender);
      out.node.on_served(out.sender, range);
    }
  }
  start_sending(node);
}

}  // namespace shoal::simulate
