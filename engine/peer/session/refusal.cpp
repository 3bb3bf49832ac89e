#include "peer/session/refusal.hpp"

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>

#include "peer/session/handshake.hpp"
#include "wire/extension.hpp"
#include "wire/frame_reader.hpp"

namespace shoal {

using namespace asio::experimental::awaitable_operators;

namespace {

/// For the peer to say how it numbers our extension, and again to read what we say.
constexpr duration patience = std::chrono::seconds(2);
/// Its extension handshake comes first or second.
constexpr int messages_max = 16;

// The number that the peer gives our extension (BEP 10).
awaitable<std::optional<std::uint8_t>> receive_extension_id(stream& from) {
  wire::frame_reader reader;
  for (int messages = 0; messages < messages_max;) {
    const auto next = reader.try_next();
    if (!next || std::holds_alternative<wire::frame_reader::piece>(*next)) co_return std::nullopt;
    if (const auto* message = std::get_if<wire::message>(&*next)) {
      ++messages;
      const auto* extended = std::get_if<wire::extended>(message);
      if (extended == nullptr || extended->id != 0) continue;
      const auto hello = wire::decode_extension_handshake(extended->payload);
      if (!hello) co_return std::nullopt;
      co_return hello->shoal;
    }
    const auto space = reader.free_space();
    const auto got = from.recv_some(space);
    if (got.is_over()) co_return std::nullopt;
    reader.commit(got.bytes);
    if (!got.would_block) continue;
    const auto [ec] = co_await from.wait_readable();
    if (ec) co_return std::nullopt;
  }
  co_return std::nullopt;
}

awaitable<void> discard(stream& from) {
  std::array<std::uint8_t, 512> nothing{};
  while (true) {
    const auto got = from.recv_some(nothing);
    if (got.is_over()) co_return;
    if (got.bytes > 0) {
      // Whoever sends without end must not keep others waiting.
      co_await asio::post(from.get_executor(), asio::use_awaitable);
      continue;
    }
    const auto [ec] = co_await from.wait_readable();
    if (ec) co_return;
  }
}

}  // namespace

awaitable<void> refuse(stream& to, wire::handshake theirs, peer_id self, errc why) {
  if (!theirs.extension_protocol) co_return;
  const auto sent = co_await send_handshake(to, theirs.share, self);
  if (!sent) co_return;
  asio::steady_timer timer(to.get_executor(), patience);
  auto heard = co_await (receive_extension_id(to) || timer.async_wait(use_tuple));
  if (heard.index() == 1 || !std::get<0>(heard)) co_return;
  wire::pieces_hint hint;
  hint.withdrawn = std::string(name_of(why));
  byte_buffer bytes;
  wire::encode(wire::extended{*std::get<0>(heard), wire::encode(hint)}, bytes);
  const error_code ec = co_await to.send_all(bytes);
  if (ec) co_return;
  to.shutdown_send();
  // Closed with unread data, the connection would be reset, and what we said lost with it.
  timer.expires_after(patience);
  (void)co_await (discard(to) || timer.async_wait(use_tuple));
}

}  // namespace shoal
