#include "policy/peer_book.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace shoal {

void peer_book::schedule(place at, time_point when) {
  at->second.next_try = when;
  later_.emplace(when, at->first);
}

void peer_book::unschedule(place at) {
  due_of(at->second).erase({at->second.order, at->first});
  later_.erase({at->second.next_try, at->first});
}

void peer_book::rest(place at, time_point since) {
  at->second.state = condition::idle;
  schedule(at, since + at->second.backoff);
  at->second.backoff = std::min(at->second.backoff * 2, dial_backoff_max);
}

void peer_book::retire(place at) {
  if (!at->second.left || at->second.state != condition::idle) return;
  unschedule(at);
  entries_.erase(at);
}

void peer_book::on_found(const peer_address& where, const std::optional<peer_id>& peer, bool seeder, time_point now) {
  if (where.port == 0 || banned(where, now)) return;
  auto at = entries_.find(where);
  if (at == entries_.end()) {
    if (entries_.size() >= book_addresses_max) return;
    at = entries_.emplace(where, entry{}).first;
    at->second.order = random_();
  }
  entry& known = at->second;
  if (peer) known.peer = peer;
  if (!peer) known.asked = asked_dials;
  known.left = false;
  known.backoff = dial_backoff_min;
  const bool idle = known.state == condition::idle;
  if (idle) unschedule(at);
  // An address that the user gave does not say whether the peer holds everything.
  if (peer) known.seeder = seeder;
  if (!idle) return;
  schedule(at, earliest_dial(where, now));
}

time_point peer_book::earliest_dial(const peer_address& where, time_point now) const {
  const auto recent = recent_.find(where);
  return recent == recent_.end() ? now : std::max(now, recent->second + dial_interval_min);
}

void peer_book::remember_dial(const peer_address& where, time_point now) {
  if (now >= forgotten_at_ + dial_interval_min) {
    std::erase_if(recent_, [now](const auto& one) { return one.second + dial_interval_min <= now; });
    forgotten_at_ = now;
  }
  recent_[where] = now;
}

void peer_book::on_left(const peer_id& peer) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto current = at++;
    if (current->second.peer != peer) continue;
    current->second.left = true;
    retire(current);
  }
}

void peer_book::on_dial_failed(const peer_address& where) {
  const auto at = entries_.find(where);
  if (at == entries_.end() || at->second.state != condition::dialling) return;
  --dialling_;
  at->second.failed = true;
  rest(at, at->second.dialled);
  retire(at);
}

void peer_book::on_connected(const peer_address& where) {
  const auto at = entries_.find(where);
  if (at == entries_.end()) return;
  if (at->second.state == condition::dialling) --dialling_;
  if (at->second.state == condition::idle) unschedule(at);
  at->second.state = condition::connected;
  at->second.failed = false;
  at->second.backoff = dial_backoff_min;
}

void peer_book::on_disconnected(const peer_address& where, bool again, time_point now) {
  const auto at = entries_.find(where);
  if (at == entries_.end() || at->second.state != condition::connected) return;
  if (!again) at->second.left = true;
  rest(at, now);
  retire(at);
}

void peer_book::on_new_way(time_point now) {
  std::vector<peer_address> waiting;
  for (const auto& [when, where] : later_) waiting.push_back(where);
  for (const peer_address& where : waiting) {
    const auto at = entries_.find(where);
    unschedule(at);
    at->second.backoff = dial_backoff_min;
    schedule(at, std::min(at->second.next_try, earliest_dial(where, now)));
  }
}

void peer_book::on_refused(const peer_address& where, time_point now) {
  const auto at = entries_.find(where);
  if (at == entries_.end()) return;
  at->second.backoff = dial_backoff_max;
  on_disconnected(where, true, now);
}

bool peer_book::banned(const peer_address& where, time_point now) const {
  const auto at = bans_.find(where);
  return at != bans_.end() && at->second.term.in_force(now);
}

std::size_t peer_book::banned_count(time_point now) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(bans_, [now](const auto& one) { return one.second.term.in_force(now); }));
}

void peer_book::end_bans(time_point now) {
  while (!bans_end_.empty() && bans_end_.begin()->first <= now) {
    const peer_address where = bans_end_.extract(bans_end_.begin()).value().second;
    on_found(where, bans_.at(where).peer, false, now);
  }
}

void peer_book::on_banned(const peer_address& where, time_point now) {
  // Each is an address that was dialled, so there are not many.
  banned_address& one = bans_[where];
  if (!one.term.in_force(now)) {
    bans_end_.erase({one.term.until, where});
    one.term.on_lie(now);
    bans_end_.emplace(one.term.until, where);
  }
  const auto at = entries_.find(where);
  if (at == entries_.end()) return;
  one.peer = at->second.peer;
  at->second.left = true;
  retire(at);
}

bool peer_book::below(const dial_limits& most, std::size_t all, std::size_t seeders) const {
  return all + dialling_ < most.sources_max && all - seeders + dialling_ < most.crowd_max;
}

bool peer_book::has_room(const sessions_held& have) const {
  if (dialling_ >= dials_max) return false;
  if (have.silence >= starved_after) return dialling_ < limits_.crowd_max;
  const dial_limits own{limits_.sources_max / 2, limits_.crowd_max / 2};
  return below(limits_, have.all, have.seeders) ||
         below(own, have.all - have.called, have.seeders - have.called_seeders);
}

std::optional<peer_address> peer_book::next_dial(const sessions_held& have, time_point now) {
  end_bans(now);
  if (!has_room(have)) return std::nullopt;
  while (!later_.empty() && later_.begin()->first <= now) {
    const peer_address& where = later_.begin()->second;
    const entry& known = entries_.at(where);
    due_of(known).emplace(known.order, where);
    later_.erase(later_.begin());
  }
  while (!due_seeders_.empty() || !due_others_.empty()) {
    const bool seeders_first = have.seeders < seeders_first_max && entries_.size() <= small_swarm_max;
    const bool seeder =
        !due_seeders_.empty() && (seeders_first || due_others_.empty() || *due_seeders_.begin() < *due_others_.begin());
    due& from = seeder ? due_seeders_ : due_others_;
    const auto at = entries_.find(from.begin()->second);
    from.erase(from.begin());
    const peer_address& where = at->first;
    if (history_ != nullptr) {
      const time_point allowed = history_->earliest(where.address, where.port, now);
      if (allowed > now && at->second.asked == 0) {
        // Another download's failure says as much as one of this download.
        at->second.failed = at->second.failed || history_->has_failed(where.address, where.port, now);
        schedule(at, allowed);
        continue;
      }
      history_->on_dial(where.address, where.port, now);
    }
    if (at->second.asked > 0) --at->second.asked;
    at->second.state = condition::dialling;
    at->second.dialled = now;
    remember_dial(where, now);
    ++dialling_;
    return where;
  }
  return std::nullopt;
}

std::vector<peer_id> peer_book::unreached(std::size_t count) {
  std::vector<peer_id> found;
  if (entries_.empty()) return found;
  auto at = std::next(entries_.begin(), static_cast<std::ptrdiff_t>(random_() % entries_.size()));
  for (std::size_t left = entries_.size(); left > 0 && found.size() < count; --left) {
    if (at->second.failed && at->second.peer) found.push_back(*at->second.peer);
    if (++at == entries_.end()) at = entries_.begin();
  }
  return found;
}

time_point peer_book::next_deadline() const {
  if (dialling_ >= dials_max) return never;
  for (const due* list : {&due_seeders_, &due_others_}) {
    if (!list->empty()) return entries_.at(list->begin()->second).next_try;
  }
  const time_point later = later_.empty() ? never : later_.begin()->first;
  return bans_end_.empty() ? later : std::min(later, bans_end_.begin()->first);
}

void peer_book::check_invariants() const {
  const auto dialling = std::count_if(entries_.begin(), entries_.end(),
                                      [](const auto& row) { return row.second.state == condition::dialling; });
  SHOAL_ASSERT(static_cast<std::size_t>(dialling) == dialling_);
  SHOAL_ASSERT(dialling_ <= dials_max);
  SHOAL_ASSERT(due_seeders_.size() + due_others_.size() + later_.size() <= entries_.size());
  for (const auto& [where, known] : entries_) {
    SHOAL_ASSERT(where.port != 0);
    SHOAL_ASSERT(!known.left || known.state != condition::idle);
    const bool is_due = (known.seeder ? due_seeders_ : due_others_).contains({known.order, where});
    const bool scheduled = is_due != later_.contains({known.next_try, where});
    SHOAL_ASSERT(scheduled == (known.state == condition::idle));
  }
}

}  // namespace shoal
