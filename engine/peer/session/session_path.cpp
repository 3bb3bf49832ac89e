#include "peer/session/session_path.hpp"

#include "net/endpoint.hpp"

namespace shoal {

asio::ip::address session_path::remote_address() const {
  const auto where = stream_.remote();
  return where ? plain_address(*where) : asio::ip::address{};
}

asio::ip::address session_path::local_address() const {
  const auto where = stream_.local();
  return where ? plain_address(*where) : asio::ip::address{};
}

bool session_path::begins_check(time_point now) {
  if (silent_for(now) < path_check_after || checked_ >= last_heard_) return false;
  checked_ = now;
  return true;
}

bool session_path::is_lost(time_point now) {
  if (silent_for(now) < path_check_after) return false;
  lost_ = now - checked_ >= path_lost_after + 2 * round_trip() && stream_.is_repeating();
  return lost_;
}

}  // namespace shoal
