#include "peer/session/greeter.hpp"

#include <utility>

#include "net/endpoint.hpp"
#include "observe/log.hpp"
#include "peer/session/handshake.hpp"
#include "peer/session/refusal.hpp"

namespace shoal {

greeter::greeter(asio::any_io_executor executor, const peer_id& self, std::size_t greetings_max, greeting_host& host)
    : self_(self), greetings_max_(greetings_max), host_(host), tasks_(std::move(executor)) {}

void greeter::on_connection(stream connection) {
  take(std::move(connection), &greeter::greet);
}

void greeter::on_stranger(stream connection) {
  take(std::move(connection), &greeter::turn_away);
}

void greeter::take(stream connection, service serve) {
  if (stopped_) return;
  const auto where = connection.remote();
  if (!where) return;
  const auto origin = group_of(where->address());
  if (holders_.size() >= greetings_max_) make_room(origin);
  const auto one = greeting_.insert(greeting_.end(), std::move(connection));
  tasks_.spawn("greet", serve_in_place(one, origin, serve));
}

awaitable<void> greeter::serve_in_place(guest one, address_group origin, service serve) {
  const auto place = places_.take(origin, clock::now());
  holders_.emplace(place, &*one);
  co_await (this->*serve)(one);
  if (holders_.erase(place) != 0) places_.leave(place);
}

void greeter::make_room(const address_group& origin) {
  const auto place = places_.next_to_leave(origin, clock::now());
  if (!place) return;
  holders_.at(*place)->close();
  holders_.erase(*place);
  places_.leave(*place);
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
