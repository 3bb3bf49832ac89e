#include "policy/serving.hpp"

#include <algorithm>

namespace shoal {

leecher_id serving::on_leecher(duration round_trip, time_point now) {
  return choker_.on_leecher(round_trip, now);
}

void serving::on_leecher_gone(leecher_id leecher, time_point now) {
  // Before the turns change: the leecher whose turn comes then knows which pieces are nobody's again.
  if (knows(leecher)) {
    copies_->on_leecher_gone(leecher);
    std::erase(hearers_, leecher);
    spread_hints();
  }
  choker_.on_leecher_gone(leecher, now);
}

void serving::on_interested(leecher_id leecher, bool interested, time_point now) {
  choker_.on_interested(leecher, interested, now);
}

void serving::on_holds(leecher_id leecher, const bitmap& pieces, bool hears) {
  if (!copies_) return;
  if (!copies_->knows(leecher)) {
    copies_->on_leecher(leecher, hears);
    hearers_.push_back(leecher);
    if (!choker_.choked(leecher)) tell_taken(leecher);
  }
  copies_->on_holds(leecher, pieces);
}

void serving::on_have(leecher_id leecher, piece_index piece) {
  if (knows(leecher)) copies_->on_have(leecher, piece);
}

bool serving::on_request(leecher_id leecher, const byte_range& range, time_point now) {
  if (!choker_.on_request(leecher, range.bytes, now)) return false;
  const bool serve = !knows(leecher) || copies_->on_request(leecher, range.piece);
  if (!serve) choker_.on_refused(leecher, range.bytes, now);
  // Before the turns change: the leecher whose turn comes then hears of all taken pieces.
  spread_hints();
  return serve;
}

void serving::on_sent(leecher_id leecher, std::uint32_t bytes, time_point now) {
  choker_.on_sent(leecher, bytes, now);
}

void serving::on_refused(leecher_id leecher, std::span<const byte_range> ranges, time_point now) {
  for (const byte_range& range : ranges) {
    choker_.on_refused(leecher, range.bytes, now);
    if (knows(leecher)) copies_->on_refused(leecher, range.piece);
  }
  spread_hints();
}

void serving::on_seeding(time_point now) {
  choker_.on_seeding(now);
  copies_.emplace(piece_count_);
  hearers_.clear();
}

void serving::on_deadline(time_point now) {
  choker_.on_deadline(now);
}

std::optional<serving::order> serving::next_order(time_point now) {
  if (orders_.empty()) {
    while (const auto changed = copies_ ? copies_->next_backlog() : std::nullopt) {
      choker_.on_backlog(changed->leecher, changed->pieces, now);
    }
    const auto decision = choker_.next_decision();
    if (!decision) return std::nullopt;
    if (!decision->choke) tell_taken(decision->leecher);
    orders_.push_back({decision->choke ? order::kind::choke : order::kind::unchoke, decision->leecher, {}});
  }
  const order next = orders_.front();
  orders_.pop_front();
  return next;
}

void serving::tell_taken(leecher_id leecher) {
  if (!knows(leecher)) return;
  for (const piece_index piece : copies_->taken(leecher)) orders_.push_back({order::kind::taken, leecher, piece});
}

void serving::spread_hints() {
  while (const auto change = copies_ ? copies_->next_change() : std::nullopt) {
    const auto what = change->taken ? order::kind::taken : order::kind::returned;
    for (const leecher_id one : hearers_) {
      if (one == change->owner || (change->taken && choker_.choked(one))) continue;
      orders_.push_back({what, one, change->piece});
    }
  }
}

void serving::check_invariants() const {
  choker_.check_invariants();
  if (copies_) copies_->check_invariants();
}

}  // namespace shoal
