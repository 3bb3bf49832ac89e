#include "peer/session/greeter.hpp"

#include <utility>

#include "observe/log.hpp"
#include "peer/session/handshake.hpp"
#include "peer/session/refusal.hpp"

namespace shoal {

greeter::greeter(asio::any_io_executor executor, const peer_id& self, std::size_t greetings_max, greeting_host& host)
    : self_(self), greetings_max_(greetings_max), host_(host), tasks_(std::move(executor)) {}

void greeter::on_connection(stream connection) {
  if (stopped_) return;
  // The one that has been slowest to greet makes room.
  if (greeting_.size() >= greetings_max_) greeting_.front().close();
  const auto guest = greeting_.insert(greeting_.end(), std::move(connection));
  tasks_.spawn("greet", greet(guest));
}

void greeter::stop() {
  stopped_ = true;
  for (stream& one : greeting_) one.close();
}

awaitable<void> greeter::greet(std::list<stream>::iterator guest) {
  const auto theirs = co_await receive_handshake(*guest);
  bool greeted = theirs && !stopped_ && host_.takes(theirs->share);
  if (greeted) {
    const auto sent = co_await send_handshake(*guest, theirs->share, self_);
    greeted = sent.has_value();
  } else if (const auto why = theirs && !stopped_ ? host_.refusal(theirs->share) : std::nullopt) {
    co_await refuse(*guest, *theirs, self_, *why);
  }
  stream connection = std::move(*guest);
  greeting_.erase(guest);
  if (!theirs) {
    log_debug("greeting fails error=\"{}\"", theirs.error().text);
  } else if (greeted && !stopped_) {
    host_.on_greeted(std::move(connection), *theirs);
  }
}

}  // namespace shoal
