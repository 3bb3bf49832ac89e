// The HTTP side of a peer: all connections that speak HTTP.
//
// The listener hands over connections whose first byte is a letter. If there are too many, one of the origin that holds
// most goes (core/fair_places). Owned by gateway; run() until stop().
#pragma once

#include <list>
#include <map>

#include "core/fair_places.hpp"
#include "gateway/http_connection.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "peer/session/peer_context.hpp"

namespace shoal {

/// Long answers that are on their way, of all and of one origin.
inline constexpr std::size_t http_answers_bytes_max = 64 * 1024 * 1024;
inline constexpr std::size_t http_origin_answers_bytes_max = 8 * 1024 * 1024;

class http_server {
 public:
  /// Both outlive this.
  http_server(peer_context& context, http_handler& handler);

  /// A connection of which nothing is read yet.
  void on_connection(stream connection);
  awaitable<void> run();
  void stop();

 private:
  struct guest {
    guest(stream accepted, peer_context& context, wire::frame_memory& answers, origin_turns& turns,
          const address_group& origin, http_handler& handler)
        : connection(std::move(accepted), context, answers, turns, origin, handler) {}
    http_connection connection;
    fair_places::place_id place = 0;
  };
  using guest_place = std::list<guest>::iterator;

  awaitable<void> serve_in_place(guest_place one);
  void make_room(const address_group& origin);

  peer_context& context_;
  http_handler& handler_;
  wire::frame_memory answers_{http_answers_bytes_max, http_origin_answers_bytes_max};
  origin_turns turns_;
  std::list<guest> guests_;
  std::map<fair_places::place_id, guest_place> holders_;
  fair_places places_;
  asio::steady_timer look_;
  task_group tasks_;
  bool stopped_ = false;
};

}  // namespace shoal
