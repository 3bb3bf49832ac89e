#include "gateway/http_server.hpp"

#include <utility>

#include "net/endpoint.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

namespace {

constexpr duration look_every = std::chrono::seconds(1);

}  // namespace

http_server::http_server(peer_context& context, http_handler& handler)
    : context_(context),
      handler_(handler),
      turns_(context.executor),
      look_(context.executor),
      tasks_(context.executor) {}

void http_server::on_connection(stream connection) {
  if (stopped_) return;
  const auto where = connection.remote();
  if (!where) return;
  const address_group origin = group_of(where->address());
  if (holders_.size() >= context_.budget.http) make_room(origin);
  const fair_places::place_id place = places_.take(origin, clock::now());
  const guest_place one =
      guests_.emplace(guests_.end(), std::move(connection), context_, answers_, turns_, origin, handler_);
  one->place = place;
  holders_.emplace(place, one);
  tasks_.spawn("http connection", serve_in_place(one));
}

void http_server::make_room(const address_group& origin) {
  const auto place = places_.next_to_leave(origin, clock::now());
  if (!place) return;
  holders_.at(*place)->connection.close();
  holders_.erase(*place);
  places_.leave(*place);
}

awaitable<void> http_server::serve_in_place(guest_place one) {
  co_await one->connection.serve();
  one->connection.end();
  if (holders_.erase(one->place) != 0) places_.leave(one->place);
  guests_.erase(one);
}

awaitable<void> http_server::run() {
  while (!stopped_) {
    const time_point now = clock::now();
    for (guest& one : guests_) {
      one.connection.look(now);
      // What takes an answer is of use, however long that takes.
      const bool has_place = holders_.contains(one.place);
      if (has_place && now - one.connection.sent_at() <= 2 * look_every) places_.on_use(one.place, now);
    }
    look_.expires_after(look_every);
    (void)co_await look_.async_wait(use_tuple);
  }
  co_await tasks_.join();
}

void http_server::stop() {
  stopped_ = true;
  look_.cancel();
  for (guest& one : guests_) one.connection.close();
}

}  // namespace shoal
