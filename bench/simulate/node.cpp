#include "simulate/node.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "simulate/random.hpp"
#include "simulate/source.hpp"

namespace shoal::simulate {

namespace {

// As the product has them in peer/ and wire/. The simulation does not include these.
constexpr duration sweep_interval = std::chrono::milliseconds(100);
constexpr duration sweep_interval_min = std::chrono::milliseconds(5);
constexpr std::uint32_t request_bytes_max = 1 * MiB;
constexpr std::uint32_t requests_queued_max = 2048;

}  // namespace

peer_address address_of(node_index node) {
  return {"node-" + std::to_string(node.value()), 1};
}

node_index node_at(const peer_address& where) {
  return node_index{static_cast<std::uint32_t>(std::stoul(where.address.substr(5)))};
}

peer_id id_of(node_index node) {
  peer_id id;
  for (std::size_t i = 0; i < 4; ++i) id.bytes[i] = static_cast<std::uint8_t>(node.value() >> (8 * i));
  return id;
}

// Connections.

node::node(surroundings& around, role what, node_index index)
    : around_(around),
      role_(what),
      index_(index),
      book_(mixed(around.how.seed, index.value()), around.how.limits),
      serving_(around.content.shape()) {}

void node::set_awaited() {
  awaited_ = true;
  ++around_.unfinished;
}

void node::on_found(node_index other, bool seeder) {
  book_.on_found(address_of(other), id_of(other), seeder, now());
}

void node::on_begin() {
  begun_ = now();
  heard_ = now();
  if (role_ == role::seeder) {
    serving_.on_seeding(now());
    follow_orders();
  }
  if (role_ != role::leecher) return;
  const std::uint64_t seed = mixed(around_.how.seed, index_.value());
  const bitmap nothing(around_.content.shape().piece_count());
  transfer_ = std::make_unique<transfer>(around_.content.info(), nothing, seed);
  sweep_at(now() + duration(static_cast<std::int64_t>(seed % static_cast<std::uint64_t>(sweep_interval.count()))));
  dial_more();
}

void node::on_die() {
  for (const end_index end : ends_) around_.net.close(end);
  ends_.clear();
  if (transfer_) totals_ = transfer_->total();
  transfer_.reset();
}

void node::on_timer(timer which) {
  if (which == timer::turns) {
    turns_due_ = never;
    serving_.on_deadline(now());
    follow_orders();
    return;
  }
  if (!downloading() || now() != sweep_at_) return;
  if (transfer_->next_deadline() <= now()) {
    transfer_->on_deadline(now());
    follow_decisions();
  }
  dial_more();
  sweep_at(std::min(now() + sweep_interval, std::max(transfer_->next_deadline(), now() + sweep_interval_min)));
}

void node::sweep_at(time_point when) {
  // An earlier timer means nothing any more.
  sweep_at_ = when;
  around_.net.set_timer(index_, timer::sweep, when);
}

sessions_held node::held() {
  sessions_held have{.all = ends_.size(), .silence = now() - heard_};
  for (const end_index end : ends_) {
    const bool seeder = has_all(at(end));
    if (seeder) ++have.seeders;
    if (dialled(end)) continue;
    ++have.called;
    if (seeder) ++have.called_seeders;
  }
  return have;
}

void node::dial_more() {
  if (!downloading()) return;
  while (const auto next = book_.next_dial(held(), now())) {
    around_.net.dial(index_, node_at(*next));
  }
}

bool node::accepts(node_index peer) const {
  if (book_.banned(address_of(peer), now())) return false;
  return std::none_of(ends_.begin(), ends_.end(), [&](end_index end) { return peer_of(end) == peer; });
}

void node::on_dial_failed(node_index whom) {
  book_.on_dial_failed(address_of(whom));
  dial_more();
}

void node::on_dial_refused(node_index whom) {
  book_.on_dial_failed(address_of(whom));
  dial_more();
}

void node::on_open(end_index end) {
  if (dialled(end)) {
    book_.on_connected(address_of(peer_of(end)));
  }
  around_.net.set_tag(end, static_cast<std::uint32_t>(sessions_.size()));
  sessions_.emplace_back(end);
  ends_.push_back(end);
  around_.net.greet(end, pieces());
  sessions_.back().leecher = serving_.on_leecher(2 * around_.net.latency(index_, peer_of(end)), now());
  SHOAL_ASSERT(sessions_.back().leecher.value() + 1 == sessions_.size());
  follow_orders();
}

void node::detach(session& gone) {
  const end_index end = gone.end;
  if (downloading() && gone.source) {
    // Whole blocks count, even if the connection broke in the midst of an answer.
    byte_range part = gone.receiving;
    part.begin += gone.reported;
    part.bytes = (gone.received - gone.reported) / block_bytes * block_bytes;
    if (part.bytes > 0) take_blocks(gone, part);
    transfer_->on_source_gone(*gone.source, now());
  }
  std::erase(ends_, end);
  serving_.on_leecher_gone(gone.leecher, now());
  follow_orders();
}

void node::close(session& which, bool again) {
  const end_index end = which.end;
  around_.net.close(end);
  detach(which);
  if (dialled(end)) book_.on_disconnected(address_of(peer_of(end)), again, now());
}

void node::on_closed(end_index end) {
  session& gone = at(end);
  const bool both_complete = complete() && has_all(gone);
  detach(gone);
  if (dialled(end)) book_.on_disconnected(address_of(peer_of(end)), !both_complete, now());
  if (!downloading()) return;
  follow_decisions();
  dial_more();
}

void node::close_if_both_complete(session& which) {
  if (complete() && has_all(which)) close(which, false);
}

// Messages.

bitmap node::pieces() const {
  if (downloading()) return transfer_->verified();
  bitmap all(around_.content.shape().piece_count());
  all.set_all();
  return all;
}

bool node::has(piece_index piece) const {
  return downloading() ? transfer_->verified().test(piece.value()) : complete();
}

bool node::corrupts(piece_index piece, std::uint32_t block) const {
  return role_ == role::liar && lie_about(around_.how.seed, index_, piece, block);
}

void node::on_message(end_index end, const message& said) {
  session& from = at(end);
  switch (said.type) {
    case message::kind::hello:
      on_hello(from);
      break;
    case message::kind::choke:
    case message::kind::unchoke:
      if (!downloading() || !from.source) break;
      if (said.type == message::kind::choke) {
        transfer_->on_choke(*from.source, true, now());
      } else {
        transfer_->on_unchoke(*from.source, now());
      }
      after_event(from);
      break;
    case message::kind::interested:
    case message::kind::not_interested:
      serving_.on_interested(from.leecher, said.type == message::kind::interested, now());
      follow_orders();
      break;
    case message::kind::have:
      ++from.pieces_held;
      if (downloading() && from.source) {
        transfer_->on_have(*from.source, said.range.piece, now());
        after_event(from);
      } else {
        serving_.on_have(from.leecher, said.range.piece);
        follow_orders();
        close_if_both_complete(from);
      }
      break;
    case message::kind::request:
      on_request(from, said.range);
      break;
    case message::kind::cancel:
      if (around_.net.withdraw(end, said.range)) refuse(from, {&said.range, 1});
      break;
    case message::kind::reject:
      if (!downloading() || !from.source) break;
      transfer_->on_reject(*from.source, said.range, now());
      after_event(from);
      break;
    case message::kind::leaves_request: {
      const bool can = role_ != role::liar && has(said.range.piece);
      around_.net.send(end, {can ? message::kind::leaves : message::kind::leaves_refused, said.range});
      break;
    }
    case message::kind::leaves:
      on_leaves(from, said.range.piece);
      break;
    case message::kind::leaves_refused:
      on_leaves_refused(from, said.range.piece);
      break;
    case message::kind::taken:
      if (downloading() && from.source) transfer_->on_taken(*from.source, said.range.piece);
      break;
    case message::kind::returned:
      if (downloading() && from.source) transfer_->on_returned(*from.source, said.range.piece);
      break;
  }
}

void node::on_hello(session& from) {
  const bitmap held = around_.net.greeting(from.end);
  from.pieces_held = held.count();
  if (!downloading()) {
    serving_.on_holds(from.leecher, held, true);
    follow_orders();
    close_if_both_complete(from);
    return;
  }
  transfer_->on_swarm(book_.size());
  from.source = transfer_->on_source(request_bytes_max, requests_queued_max,
                                     2 * around_.net.latency(index_, peer_of(from.end)), now());
  by_source_.push_back(from.end);
  SHOAL_ASSERT(by_source_.size() == from.source->value() + 1);
  transfer_->on_bitmap(*from.source, held, now());
  after_event(from);
}

void node::on_request(session& from, const byte_range& range) {
  if (has(range.piece) && serving_.on_request(from.leecher, range, now())) {
    around_.net.serve(from.end, range);
  } else {
    around_.net.send(from.end, {message::kind::reject, range});
  }
  follow_orders();
}

void node::on_served(end_index end, const byte_range& range) {
  serving_.on_sent(at(end).leecher, range.bytes, now());
  follow_orders();
}

void node::follow_orders() {
  while (const auto order = serving_.next_order(now())) {
    const session& to = sessions_[order->leecher.value()];
    switch (order->what) {
      case serving::order::kind::choke:
        around_.net.send(to.end, {message::kind::choke, {}});
        refuse(to, around_.net.withdraw_beyond(to.end, serving_.turn_bytes()));
        break;
      case serving::order::kind::unchoke:
        around_.net.send(to.end, {message::kind::unchoke, {}});
        break;
      case serving::order::kind::taken:
        around_.net.send(to.end, {message::kind::taken, {order->piece, 0, 0}});
        break;
      case serving::order::kind::returned:
        around_.net.send(to.end, {message::kind::returned, {order->piece, 0, 0}});
        break;
    }
  }
  const time_point due = std::max(serving_.next_deadline(), now());
  if (due >= turns_due_) return;
  turns_due_ = due;
  around_.net.set_timer(index_, timer::turns, due);
}

void node::refuse(const session& to, std::span<const byte_range> ranges) {
  for (const byte_range& range : ranges) around_.net.send(to.end, {message::kind::reject, range});
  serving_.on_refused(to.leecher, ranges, now());
  follow_orders();
}

// Decisions.

void node::pump(session& to) {
  if (!to.source || !open(to.end)) return;
  if (const bool interested = transfer_->interesting(*to.source); interested != to.interested) {
    to.interested = interested;
    around_.net.send(to.end, {interested ? message::kind::interested : message::kind::not_interested, {}});
  }
  while (const auto range = transfer_->next_cancel(*to.source)) {
    around_.net.send(to.end, {message::kind::cancel, *range});
  }
  bool asked = false;
  while (const auto range = transfer_->next_request(*to.source, now())) {
    around_.net.send(to.end, {message::kind::request, *range});
    asked = true;
  }
  if (!asked && transfer_->next_idle_check() < sweep_at_) {
    sweep_at(std::max(transfer_->next_idle_check(), now() + sweep_interval_min));
  }
}

void node::pump_all() {
  for (const end_index end : ends_) pump(at(end));
}

void node::after_event(session& from) {
  pump(from);
  follow_decisions();
}

void node::follow_decisions() {
  while (const auto liar = transfer_->next_ban()) {
    const end_index end = by_source_[liar->value()];
    book_.on_banned(address_of(peer_of(end)), now());
    around_.seen_by.on_banned(index_, peer_of(end), now());
    if (open(end)) close(at(end), false);
  }
  while (const auto query = transfer_->next_leaf_query(now())) {
    around_.net.send(by_source_[query->source.value()], {message::kind::leaves_request, {query->piece, 0, 0}});
  }
  if (transfer_->work_freed()) pump_all();
  while (const auto source = transfer_->next_affected()) pump(at(by_source_[source->value()]));
}

}  // namespace shoal::simulate
