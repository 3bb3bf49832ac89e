// session: whether the path to the peer still carries anything.

#include <utility>

#include "net/endpoint.hpp"
#include "peer/session/session.hpp"

namespace shoal {

asio::ip::address session::remote_address() const {
  const auto where = stream_.remote();
  return where ? plain_address(*where) : asio::ip::address{};
}

asio::ip::address session::local_address() const {
  const auto where = stream_.local();
  return where ? plain_address(*where) : asio::ip::address{};
}

std::optional<peer_address> session::listens_at() const {
  const auto address = remote_address();
  const std::uint16_t port = remote_.extensions().listen_port;
  if (port == 0 || address.is_unspecified()) return std::nullopt;
  return peer_address{address.to_string(), port};
}

bool session::path_lost(time_point now) {
  if (silent_for(now) < path_check_after) return false;
  if (path_checked_ < last_heard_) {
    path_checked_ = now;
    send(wire::keep_alive{});
    return false;
  }
  path_lost_ = now - path_checked_ >= path_lost_after + 2 * round_trip() && stream_.is_repeating();
  return path_lost_;
}

bool session::seems_lost(time_point now) {
  return silent_for(now) > path_doubted_after || stream_.is_repeating();
}

void session::on_heard() {
  const auto now = clock::now();
  last_activity_ = now;
  last_heard_ = now;
  if (!std::exchange(path_lost_, false)) return;
  share_.on_path_back(*this);
}

}  // namespace shoal
