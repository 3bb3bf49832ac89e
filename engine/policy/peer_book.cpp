#include "policy/peer_book.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace shoal {

void peer_book::schedule(place at, time_point when) {
  at->second.next_try = when;
  later_.emplace(when, at->first);
}

void peer_book::unschedule(place at) {
  due_.erase({at->second.order, at->first});
  later_.erase({at->second.next_try, at->first});
}

void peer_book::rest(place at, time_point now) {
  at->second.state = condition::idle;
  schedule(at, now + at->second.backoff);
  at->second.backoff = std::min(at->second.backoff * 2, dial_backoff_max);
}

void peer_book::retire(place at) {
  if (!at->second.left || at->second.state != condition::idle) return;
  unschedule(at);
  entries_.erase(at);
}

void peer_book::on_found(const peer_address& where, const std::optional<peer_id>& peer, time_point now) {
  if (where.port == 0 || (peer && banned(*peer))) return;
  auto at = entries_.find(where);
  if (at == entries_.end()) {
    if (entries_.size() >= book_addresses_max) return;
    at = entries_.emplace(where, entry{}).first;
    at->second.order = random_();
  }
  entry& known = at->second;
  if (peer) known.peer = peer;
  known.left = false;
  known.backoff = dial_backoff_min;
  if (known.state != condition::idle) return;
  unschedule(at);
  schedule(at, now);
}

void peer_book::on_left(const peer_id& peer) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto current = at++;
    if (current->second.peer != peer) continue;
    current->second.left = true;
    retire(current);
  }
}

void peer_book::on_dial_failed(const peer_address& where, time_point now) {
  const auto at = entries_.find(where);
  if (at == entries_.end() || at->second.state != condition::dialling) return;
  --dialling_;
  rest(at, now);
  retire(at);
}

void peer_book::on_connected(const peer_address& where) {
  const auto at = entries_.find(where);
  if (at == entries_.end()) return;
  if (at->second.state == condition::dialling) --dialling_;
  if (at->second.state == condition::idle) unschedule(at);
  at->second.state = condition::connected;
  at->second.backoff = dial_backoff_min;
}

void peer_book::on_disconnected(const peer_address& where, bool again, time_point now) {
  const auto at = entries_.find(where);
  if (at == entries_.end() || at->second.state != condition::connected) return;
  if (!again) at->second.left = true;
  rest(at, now);
  retire(at);
}

void peer_book::on_banned(const peer_id& peer) {
  banned_.insert(peer);
  on_left(peer);
}

std::optional<peer_address> peer_book::next_dial(time_point now) {
  if (dialling_ >= dials_max) return std::nullopt;
  while (!later_.empty() && later_.begin()->first <= now) {
    const peer_address& where = later_.begin()->second;
    due_.emplace(entries_.at(where).order, where);
    later_.erase(later_.begin());
  }
  if (due_.empty()) return std::nullopt;
  const peer_address where = due_.begin()->second;
  due_.erase(due_.begin());
  entries_.at(where).state = condition::dialling;
  ++dialling_;
  return where;
}

time_point peer_book::next_deadline() const {
  if (dialling_ >= dials_max) return never;
  if (!due_.empty()) return entries_.at(due_.begin()->second).next_try;
  return later_.empty() ? never : later_.begin()->first;
}

void peer_book::check_invariants() const {
  const auto dialling = std::count_if(entries_.begin(), entries_.end(),
                                      [](const auto& row) { return row.second.state == condition::dialling; });
  SHOAL_ASSERT(static_cast<std::size_t>(dialling) == dialling_);
  SHOAL_ASSERT(dialling_ <= dials_max);
  SHOAL_ASSERT(due_.size() + later_.size() <= entries_.size());
  for (const auto& [where, known] : entries_) {
    SHOAL_ASSERT(where.port != 0);
    SHOAL_ASSERT(!known.left || known.state != condition::idle);
    const bool scheduled = due_.contains({known.order, where}) != later_.contains({known.next_try, where});
    SHOAL_ASSERT(scheduled == (known.state == condition::idle));
  }
}

}  // namespace shoal
