// session: ending it so that the other side still reads why.

#include <memory>

#include "peer/session/session.hpp"

namespace shoal {

namespace {

// Read at a time of what nobody wants.
constexpr std::size_t rest_bytes = 64 * KiB;
// For a peer to read our last words.
constexpr duration farewell_timeout = std::chrono::seconds(1);

}  // namespace

bool session::dismiss(end_reason why, const wire::pieces_hint& last_words) {
  if (closed_ || dismissed_) return true;
  const auto id = remote_.extensions().shoal;
  if (!id || uploads_.sending()) {
    close(why);
    return false;
  }
  uploads_.forget_requests();
  send(wire::extended{*id, wire::encode(last_words)});
  dismissed_ = why;
  dismissed_until_ = clock::now() + farewell_timeout;
  work_.set();
  watchdog_timer_.cancel();
  return true;
}

awaitable<void> session::read_rest() {
  const std::unique_ptr<std::uint8_t[]> nothing(new std::uint8_t[rest_bytes]);
  while (!closed_) {
    const auto got = stream_.recv_some({nothing.get(), rest_bytes});
    if (got.bytes > 0) {
      // Whoever sends without end must not keep others waiting.
      co_await asio::post(context_.executor, asio::use_awaitable);
      continue;
    }
    if (got.is_over()) {
      close(end_reason::closed_by_peer);
    } else {
      (void)co_await stream_.wait_readable();
    }
  }
}

}  // namespace shoal
