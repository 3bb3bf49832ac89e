// What answers use of the connection that they are sent over, and what bounds them.
//
// Owned by http_connection, used by http_exchange, on the network thread.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include "core/address_group.hpp"
#include "gateway/origin_turns.hpp"
#include "net/stream.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/session/throttle.hpp"
#include "policy/message_budget.hpp"
#include "wire/frame_memory.hpp"

namespace shoal {

struct http_line {
  /// All outlive this.
  http_line(stream accepted, peer_context& context, wire::frame_memory& answers, origin_turns& others,
            const address_group& from)
      : to(std::move(accepted)),
        origin(from),
        memory(&answers, from),
        account(context.messages, from, clock::now()),
        turns(others),
        turn(context.executor),
        credit(context.executor) {}

  /// Returns when what was charged is paid, as far as the origin pays at all.
  awaitable<void> rest() {
    while (to.is_open()) {
      const time_point now = clock::now();
      const time_point when = account.next_credit(now, account.pause_price());
      moved_at = now;
      if (when <= now) co_return;
      credit.expires_at(when);
      (void)co_await credit.async_wait(use_tuple);
    }
  }
  /// Ends all waits.
  void close() {
    turn.cancel();
    credit.cancel();
    to.close();
  }

  stream to;
  address_group origin;
  wire::taken_memory memory;  ///< of long answers
  message_budget::account account;
  origin_turns& turns;
  throttle::turn turn;
  asio::steady_timer credit;
  time_point moved_at = clock::now();  ///< when the client last took or sent something, or waited for us
  time_point sent_at{};                ///< when it last took something
};

}  // namespace shoal
