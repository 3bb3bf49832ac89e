#include "policy/peer_book.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace shoal {

void peer_book::on_found(const peer_address& where, const std::optional<peer_id>& peer, time_point now) {
  if (where.port == 0 || (peer && banned(*peer))) return;
  if (!entries_.contains(where) && entries_.size() >= book_addresses_max) return;
  entry& known = entries_[where];
  if (peer) known.peer = peer;
  known.left = false;
  known.backoff = dial_backoff_min;
  if (known.state == condition::idle) known.next_try = now;
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
  at->second.state = condition::idle;
  --dialling_;
  at->second.next_try = now + at->second.backoff;
  at->second.backoff = std::min(at->second.backoff * 2, dial_backoff_max);
  retire(at);
}

void peer_book::on_connected(const peer_address& where) {
  const auto at = entries_.find(where);
  if (at == entries_.end()) return;
  if (at->second.state == condition::dialling) --dialling_;
  at->second.state = condition::connected;
  at->second.backoff = dial_backoff_min;
}

void peer_book::on_disconnected(const peer_address& where, bool again, time_point now) {
  const auto at = entries_.find(where);
  if (at == entries_.end() || at->second.state != condition::connected) return;
  at->second.state = condition::idle;
  if (!again) at->second.left = true;
  at->second.next_try = now + at->second.backoff;
  at->second.backoff = std::min(at->second.backoff * 2, dial_backoff_max);
  retire(at);
}

void peer_book::on_banned(const peer_id& peer) {
  banned_.insert(peer);
  on_left(peer);
}

std::optional<peer_address> peer_book::next_dial(time_point now) {
  if (dialling_ >= dials_max) return std::nullopt;
  for (auto& [where, known] : entries_) {
    if (known.state != condition::idle || known.next_try > now) continue;
    known.state = condition::dialling;
    ++dialling_;
    return where;
  }
  return std::nullopt;
}

time_point peer_book::next_deadline() const {
  time_point earliest = never;
  if (dialling_ >= dials_max) return earliest;
  for (const auto& [where, known] : entries_) {
    if (known.state == condition::idle) earliest = std::min(earliest, known.next_try);
  }
  return earliest;
}

void peer_book::retire(std::map<peer_address, entry>::iterator at) {
  if (at->second.left && at->second.state == condition::idle) entries_.erase(at);
}

void peer_book::check_invariants() const {
  const auto dialling = std::count_if(entries_.begin(), entries_.end(),
                                      [](const auto& row) { return row.second.state == condition::dialling; });
  SHOAL_ASSERT(static_cast<std::size_t>(dialling) == dialling_);
  SHOAL_ASSERT(dialling_ <= dials_max);
  for (const auto& [where, known] : entries_) {
    SHOAL_ASSERT(where.port != 0);
    SHOAL_ASSERT(!known.left || known.state != condition::idle);
  }
}

}  // namespace shoal
