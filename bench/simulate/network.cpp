#include "simulate/network.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "simulate/random.hpp"

namespace shoal::simulate {

namespace {

constexpr duration dial_timeout = std::chrono::seconds(5);

}  // namespace

network::network(const scenario& how) : how_(how), alike_(how.latency_spread == duration::zero()) {}

node_index network::add(host& node, double uplink_rate, double downlink_rate) {
  lines_.emplace_back(node, uplink_rate, downlink_rate, how_.uplink_slots);
  return node_index{static_cast<std::uint32_t>(lines_.size() - 1)};
}

void network::begin_at(node_index node, time_point at) {
  events_.put({.at = at, .node = node, .type = event::kind::begin});
}

void network::die_at(node_index node, time_point at) {
  events_.put({.at = at, .node = node, .type = event::kind::die});
}

void network::fall_silent_at(node_index node, time_point at) {
  events_.put({.at = at, .node = node, .type = event::kind::fall_silent});
}

void network::set_uplink_at(node_index node, double rate, time_point at) {
  auto& changes = lines_[node.value()].changes;
  SHOAL_ASSERT(changes.empty() || changes.back().at <= at);
  changes.push_back({at, rate});
  events_.put({.at = at, .node = node, .type = event::kind::uplink});
}

void network::set_latency(node_index node, duration latency) {
  lines_[node.value()].latency = latency;
  alike_ = alike_ && latency == duration::zero();
}

void network::set_timer(node_index node, timer which, time_point at) {
  events_.put({.at = at, .node = node, .amount = static_cast<std::uint32_t>(which), .type = event::kind::timer});
}

void network::step() {
  handle(events_.take());
}

void network::handle(const event& what) {
  switch (what.type) {
    case event::kind::begin:
      lines_[what.node.value()].state = condition::present;
      lines_[what.node.value()].node.on_begin();
      break;
    case event::kind::die:
      if (!hears(what.node)) break;
      lines_[what.node.value()].node.on_die();
      lines_[what.node.value()].state = condition::gone;
      break;
    case event::kind::fall_silent:
      if (hears(what.node)) lines_[what.node.value()].state = condition::silent;
      break;
    case event::kind::uplink:
      on_uplink(what.node);
      break;
    case event::kind::timer:
      if (hears(what.node)) lines_[what.node.value()].node.on_timer(static_cast<timer>(what.amount));
      break;
    case event::kind::dialled:
      if (hears(what.node)) open_connection(what.node, node_index{what.amount});
      break;
    case event::kind::message:
      if (open(what.end) && hears(owner(what.end))) {
        lines_[owner(what.end).value()].node.on_message(what.end, what.said);
      }
      break;
    case event::kind::broadcast:
      // By index: what the receivers do may add lists.
      for (std::size_t i = 0; i < lists_[what.amount].size(); ++i) {
        const end_index end = lists_[what.amount][i];
        if (open(end) && hears(owner(end))) lines_[owner(end).value()].node.on_message(end, what.said);
      }
      lists_free_.push_back(what.amount);
      break;
    case event::kind::payload:
      if (open(what.end) && hears(owner(what.end))) {
        lines_[owner(what.end).value()].node.on_payload(what.end, what.said.range, what.amount);
      }
      break;
    case event::kind::stored:
      if (hears(what.node)) lines_[what.node.value()].node.on_stored(what.end, what.said.range);
      break;
    case event::kind::sent:
      on_sent(what.node);
      break;
    case event::kind::closed:
      if (!open(what.end)) break;
      close_here(what.end);
      if (hears(owner(what.end))) lines_[owner(what.end).value()].node.on_closed(what.end);
      break;
  }
}

// Lines.

void network::on_uplink(node_index node) {
  line& changed = lines_[node.value()];
  changed.up_rate = changed.changes.front().rate;
  changed.changes.pop_front();
  if (!stands_still(node)) start_sending(node);
}

time_point network::awake(node_index node) const {
  if (!stands_still(node)) return now();
  const auto& changes = lines_[node.value()].changes;
  const auto goes_on = std::find_if(changes.begin(), changes.end(), [](const auto& one) { return one.rate > 0; });
  SHOAL_ASSERT(goes_on != changes.end());
  return goes_on->at;
}

duration network::latency(node_index one, node_index other) const {
  const duration own = how_.latency + lines_[one.value()].latency + lines_[other.value()].latency;
  if (how_.latency_spread == duration::zero()) return own;
  const auto [low, high] = std::minmax(one.value(), other.value());
  const std::uint64_t chance = mixed(how_.seed, std::uint64_t{low} << 32 | high);
  return own +
         duration(static_cast<std::int64_t>(chance % static_cast<std::uint64_t>(how_.latency_spread.count() + 1)));
}

// Connections.

void network::dial(node_index from, node_index to) {
  // Connecting takes one round trip and the handshakes another.
  const bool answers = lines_[to.value()].state != condition::silent && !stands_still(to);
  const duration takes = answers ? 4 * latency(from, to) : dial_timeout;
  events_.put({.at = now() + takes, .node = from, .amount = to.value(), .type = event::kind::dialled});
}

void network::open_connection(node_index from, node_index to) {
  host& caller = lines_[from.value()].node;
  if (!hears(to) || stands_still(to)) {
    caller.on_dial_failed(to);
    return;
  }
  host& called = lines_[to.value()].node;
  if (!caller.accepts(to) || !called.accepts(from)) {
    caller.on_dial_refused(to);
    return;
  }
  const end_index end{static_cast<std::uint32_t>(ends_.size())};
  ends_.push_back({.owner = from});
  ends_.push_back({.owner = to});
  senders_.resize(ends_.size());
  caller.on_open(end);
  called.on_open(other_end(end));
}

void network::close(end_index end) {
  if (!open(end)) return;
  close_here(end);
  const connection_end& mine = ends_[end.value()];
  const end_index theirs = other_end(end);
  const time_point at = std::max(mine.arrives, now() + latency(mine.owner, owner(theirs)));
  if (open(theirs)) events_.put({.at = at, .end = theirs, .type = event::kind::closed});
}

void network::close_here(end_index end) {
  connection_end& mine = ends_[end.value()];
  mine.open = false;
  sender& rest = senders_[end.value()];
  lines_[mine.owner.value()].out.take_out(end, rest.out);
  rest.out = {};
  rest.outbox = {};
}

// Messages.

void network::charge(node_index node, const message& said) {
  // Lengths as BEP 3 has them; those of a hello or of hashes hardly matter.
  const std::uint32_t length = said.type == message::kind::have ? 9 : 17;
  line& out = lines_[node.value()];
  if (out.sending) out.message_bytes += length + how_.message_bytes_more;
}

void network::deliver(end_index from, const message& said) {
  connection_end& mine = ends_[from.value()];
  const end_index to = other_end(from);
  const time_point leaves = std::max(awake(mine.owner), awake(owner(to)));
  mine.arrives = std::max(mine.arrives, leaves + latency(mine.owner, owner(to)));
  charge(mine.owner, said);
  events_.put({.at = mine.arrives, .end = to, .type = event::kind::message, .said = said});
}

void network::send(end_index from, const message& said) {
  connection_end& mine = ends_[from.value()];
  if (!mine.open) return;
  sender& rest = senders_[from.value()];
  if (rest.out.state == uplink_turn::condition::active) {
    rest.outbox.push_back(said);
  } else {
    deliver(from, said);
  }
}

void network::greet(end_index from, bitmap pieces) {
  senders_[from.value()].pieces = std::move(pieces);
  send(from, {.type = message::kind::hello, .range = {}});
}

bitmap network::greeting(end_index to) {
  return std::exchange(senders_[other_end(to).value()].pieces, bitmap());
}

void network::broadcast(node_index from, std::span<const end_index> ends, const message& said) {
  const time_point at = now() + how_.latency;
  std::uint32_t list = 0;
  if (lists_free_.empty()) {
    list = static_cast<std::uint32_t>(lists_.size());
    lists_.emplace_back();
  } else {
    list = lists_free_.back();
    lists_free_.pop_back();
    lists_[list].clear();
  }
  for (const end_index end : ends) {
    connection_end& mine = ends_[end.value()];
    if (!mine.open) continue;
    if (!alike_ || stands_still(owner(other_end(end))) ||
        senders_[end.value()].out.state == uplink_turn::condition::active || mine.arrives > at) {
      send(end, said);
      continue;
    }
    mine.arrives = at;
    charge(from, said);
    lists_[list].push_back(other_end(end));
  }
  events_.put({.at = at, .node = from, .amount = list, .type = event::kind::broadcast, .said = said});
}

void network::store(end_index came_in_at, const byte_range& blocks) {
  events_.put({.at = now() + how_.store_delay,
               .node = owner(came_in_at),
               .end = came_in_at,
               .type = event::kind::stored,
               .said = {.range = blocks}});
}

}  // namespace shoal::simulate
