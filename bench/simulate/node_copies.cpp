// node: every piece once before one twice, as peer/share does it while the share is complete.

#include "simulate/node.hpp"

namespace shoal::simulate {

void node::serve_copies() {
  choker_.on_seeding(now());
  follow_choker();
  copies_.emplace(around_.content.shape().piece_count());
}

void node::meet_leecher(session& one, const bitmap& held) {
  if (!copies_) return;
  copies_->on_leecher(one.leecher, true);
  if (!choker_.choked(one.leecher)) tell_taken(one);
  copies_->on_holds(one.leecher, held);
}

void node::tell_taken(const session& to) {
  if (!copies_ || !copies_->knows(to.leecher)) return;
  for (const piece_index piece : copies_->taken(to.leecher)) {
    around_.net.send(to.end, {message::kind::taken, {piece, 0, 0}});
  }
}

bool node::may_serve(session& to, piece_index piece) {
  if (!copies_ || !copies_->knows(to.leecher)) return true;
  const bool serve = copies_->on_request(to.leecher, piece);
  spread_hints();
  return serve;
}

void node::follow_backlogs() {
  if (!copies_) return;
  while (const auto changed = copies_->next_backlog()) choker_.on_backlog(changed->leecher, changed->pieces, now());
}

void node::spread_hints() {
  if (!copies_) return;
  while (const auto change = copies_->next_change()) {
    const auto kind = change->taken ? message::kind::taken : message::kind::returned;
    for (const end_index end : ends_) {
      const session& one = at(end);
      if (one.leecher == change->owner || !copies_->knows(one.leecher)) continue;
      if (change->taken && choker_.choked(one.leecher)) continue;
      around_.net.send(end, {kind, {change->piece, 0, 0}});
    }
  }
}

}  // namespace shoal::simulate
