#include "peer/share/turn_keeper.hpp"

#include "core/time.hpp"

namespace shoal {

std::optional<leecher_id> turn_keeper::leecher_of(const session& one) const {
  const auto at = leechers_.find(&one);
  return at == leechers_.end() ? std::nullopt : std::optional(at->second);
}

void turn_keeper::on_seeding() {
  serving_->on_seeding(clock::now());
  follow_orders();
}

void turn_keeper::on_session(session& from) {
  if (!serving_ || leecher_of(from)) return;
  const leecher_id leecher = serving_->on_leecher(from.path().round_trip_min(), clock::now());
  leechers_.emplace(&from, leecher);
  by_leecher_.emplace(leecher, &from);
  follow_orders();
}

void turn_keeper::on_gone(session& from) {
  const auto leecher = leecher_of(from);
  if (!leecher) return;
  leechers_.erase(&from);
  by_leecher_.erase(*leecher);
  serving_->on_leecher_gone(*leecher, clock::now());
  follow_orders();
}

void turn_keeper::on_interested(session& from, bool interested) {
  const auto leecher = leecher_of(from);
  if (!leecher) return;
  serving_->on_interested(*leecher, interested, clock::now());
  follow_orders();
}

void turn_keeper::on_has(session& from, piece_index piece) {
  const auto leecher = leecher_of(from);
  if (!leecher) return;
  serving_->on_have(*leecher, piece);
  follow_orders();
}

void turn_keeper::on_holds(session& from) {
  const auto leecher = leecher_of(from);
  if (!leecher || !from.remote().ready()) return;
  serving_->on_holds(*leecher, from.remote().holds(), from.remote().hears_hints());
  follow_orders();
}

bool turn_keeper::may_serve(session& to, const byte_range& range) {
  const auto leecher = leecher_of(to);
  if (!leecher) return false;
  const bool serve = serving_->on_request(*leecher, range, clock::now());
  follow_orders();
  return serve;
}

void turn_keeper::on_sent(session& to, std::uint32_t bytes) {
  const auto leecher = leecher_of(to);
  if (!leecher) return;
  serving_->on_sent(*leecher, bytes, clock::now());
  follow_orders();
}

void turn_keeper::on_refused(session& to, std::span<const byte_range> ranges) {
  const auto leecher = leecher_of(to);
  if (!leecher) return;
  serving_->on_refused(*leecher, ranges, clock::now());
  follow_orders();
}

void turn_keeper::follow_orders() {
  while (const auto order = serving_->next_order(clock::now())) {
    const auto at = by_leecher_.find(order->leecher);
    if (at == by_leecher_.end()) continue;
    session& to = *at->second;
    switch (order->what) {
      case serving::order::kind::choke:
      case serving::order::kind::unchoke:
        serving_->on_round_trip(order->leecher, to.path().round_trip_min());
        to.set_choked(order->what == serving::order::kind::choke);
        break;
      case serving::order::kind::taken:
      case serving::order::kind::returned:
        to.hint(order->piece, order->what == serving::order::kind::taken);
        break;
    }
  }
  if (serving_->next_deadline() < due_) changed_.set();
}

awaitable<void> turn_keeper::run() {
  while (!stopped_) {
    due_ = serving_ ? serving_->next_deadline() : never;
    (void)co_await changed_.wait_until(due_);
    if (stopped_ || !serving_) continue;
    serving_->on_deadline(clock::now());
    follow_orders();
  }
}

void turn_keeper::stop() {
  stopped_ = true;
  changed_.set();
}

}  // namespace shoal
