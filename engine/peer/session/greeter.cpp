#include "peer/session/greeter.hpp"

#include <utility>

#include "net/endpoint.hpp"
#include "observe/log.hpp"
#include "peer/session/handshake.hpp"
#include "peer/session/refusal.hpp"

namespace shoal {

greeter::greeter(asio::any_io_executor executor, const peer_id& self, std::size_t greetings_max, greeting_host& host)
    : self_(self), greetings_max_(greetings_max), host_(host), tasks_(std::move(executor)) {}

greeter::guest greeter::take(stream connection) {
  // The one that has been slowest to greet makes room.
  if (greeting_.size() >= greetings_max_) greeting_.front().close();
  return greeting_.insert(greeting_.end(), std::move(connection));
}

void greeter::on_connection(stream connection) {
  if (!stopped_) tasks_.spawn("greet", greet(take(std::move(connection))));
}

void greeter::on_stranger(stream connection) {
  if (!stopped_) tasks_.spawn("turn away", turn_away(take(std::move(connection))));
}

void greeter::stop() {
  stopped_ = true;
  for (stream& one : greeting_) one.close();
}

awaitable<void> greeter::turn_away(guest one) {
  const auto remote = one->remote();
  const auto theirs = co_await receive_handshake(*one);
  if (theirs && !stopped_ && strangers_logged_.pass(clock::now())) {
    log_warn("a peer without the key of this swarm is refused from={} unlogged={}", remote ? to_text(*remote) : "gone",
             strangers_logged_.take_left_out());
  }
  // Not even who we are.
  if (theirs && !stopped_) co_await refuse(*one, *theirs, peer_id(), errc::permission);
  greeting_.erase(one);
}

awaitable<void> greeter::greet(guest one) {
  const auto theirs = co_await receive_handshake(*one);
  bool greeted = theirs && !stopped_ && host_.takes(theirs->share);
  if (greeted) {
    const auto sent = co_await send_handshake(*one, theirs->share, self_);
    greeted = sent.has_value();
  } else if (const auto why = theirs && !stopped_ ? host_.refusal(theirs->share) : std::nullopt) {
    co_await refuse(*one, *theirs, self_, *why);
  }
  stream connection = std::move(*one);
  greeting_.erase(one);
  if (!theirs) {
    log_debug("greeting fails error=\"{}\"", theirs.error().text);
  } else if (greeted && !stopped_) {
    host_.on_greeted(std::move(connection), *theirs);
  }
}

}  // namespace shoal
