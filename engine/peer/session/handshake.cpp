#include "peer/session/handshake.hpp"

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "net/listener.hpp"

namespace shoal {

using namespace asio::experimental::awaitable_operators;

awaitable<result<wire::handshake>> receive_handshake(tcp::socket& socket) {
  std::array<std::uint8_t, wire::handshake_bytes> bytes{};
  asio::steady_timer timer(socket.get_executor(), handshake_deadline);
  const auto into = asio::buffer(bytes);
  auto outcome = co_await (asio::async_read(socket, into, use_tuple) || timer.async_wait(use_tuple));
  if (outcome.index() == 1) co_return error{errc::timed_out, "no handshake within the deadline"};
  const error_code ec = std::get<0>(std::get<0>(outcome));
  if (ec) co_return error{errc::unreachable, "connection closed during the handshake: " + ec.message()};
  co_return wire::decode_handshake(bytes);
}

awaitable<result<void>> send_handshake(tcp::socket& socket, wire::truncated_id share, peer_id self) {
  wire::handshake ours;
  ours.share = share;
  ours.peer = self;
  const byte_buffer bytes = wire::encode(ours);
  // 68 bytes always fit into the send buffer of a new connection, so this does not wait.
  const auto sent = co_await asio::async_write(socket, asio::buffer(bytes), use_tuple);
  if (std::get<0>(sent)) co_return error{errc::unreachable, "connection closed during the handshake"};
  co_return result<void>{};
}

awaitable<bool> has_come(tcp::socket& socket, duration patience) {
  asio::steady_timer timer(socket.get_executor(), patience);
  auto outcome = co_await (socket.async_wait(tcp::socket::wait_read, use_tuple) || timer.async_wait(use_tuple));
  if (outcome.index() == 1) co_return false;
  std::uint8_t first = 0;
  error_code ec;
  socket.non_blocking(true, ec);
  co_return socket.receive(asio::buffer(&first, 1), tcp::socket::message_peek, ec) == 1;
}

}  // namespace shoal
