#include "peer/session/handshake.hpp"

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/listener.hpp"

namespace shoal {

using namespace asio::experimental::awaitable_operators;

awaitable<result<wire::handshake>> receive_handshake(stream& from) {
  std::array<std::uint8_t, wire::handshake_bytes> bytes{};
  asio::steady_timer timer(from.get_executor(), handshake_deadline);
  auto outcome = co_await (from.receive_all(bytes) || timer.async_wait(use_tuple));
  if (outcome.index() == 1) co_return error{errc::timed_out, "no handshake within the deadline"};
  const error_code ec = std::get<0>(outcome);
  if (ec) co_return error{errc::unreachable, "connection closed during the handshake: " + ec.message()};
  co_return wire::decode_handshake(bytes);
}

awaitable<result<void>> send_handshake(stream& to, wire::truncated_id share, peer_id self) {
  wire::handshake ours;
  ours.share = share;
  ours.peer = self;
  const byte_buffer bytes = wire::encode(ours);
  // 68 bytes always fit into the send buffer of a new connection, so this does not wait.
  const error_code ec = co_await to.send_all(bytes);
  if (ec) co_return error{errc::unreachable, "connection closed during the handshake"};
  co_return result<void>{};
}

awaitable<bool> has_come(stream& from, duration patience) {
  asio::steady_timer timer(from.get_executor(), patience);
  auto outcome = co_await (from.peek() || timer.async_wait(use_tuple));
  co_return outcome.index() == 0 && std::get<0>(outcome).has_value();
}

}  // namespace shoal
