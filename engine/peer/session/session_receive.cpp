// The receiving of payload in session: straight from the socket into pooled buffers.

#include <algorithm>

#include "peer/session/session.hpp"

namespace shoal {

namespace {

// A reader that waits for more than what comes in this time would see a slow source as a silent one.
constexpr double low_watermark_seconds = 0.01;

}  // namespace

awaitable<void> session::receive_piece(byte_range range) {
  if (listener_ == nullptr || !listener_->on_piece_begin(range)) {
    close(end_reason::protocol, "a piece that was not asked for");
    co_return;
  }
  std::uint32_t offset = 0;
  while (offset < range.bytes) {
    const std::uint32_t segment = std::min(receive_buffer_bytes, range.bytes - offset);
    auto buffer = co_await context_.buffers.acquire();
    std::uint32_t got = 0;
    const std::span<std::uint8_t> place(buffer.get(), segment);
    if (!closed_) got = co_await receive_payload(place);
    // Whole blocks count even when the connection broke in the middle of the message.
    const std::uint32_t usable = got == segment ? segment : got - got % block_bytes;
    if (usable > 0) {
      listener_->on_blocks({range.piece, range.begin + offset, usable}, std::move(buffer));
    } else {
      context_.buffers.release(std::move(buffer));
    }
    if (got < segment) co_return;
    offset += segment;
  }
  listener_->on_piece_end(range);
}

awaitable<std::uint32_t> session::receive_payload(std::span<std::uint8_t> to) {
  std::size_t filled = reader_.take_payload(to);
  if (filled > 0) listener_->on_bytes(static_cast<std::uint32_t>(filled));
  while (filled < to.size() && !closed_) {
    const auto got = stream_.recv_some(to.subspan(filled));
    if (got.bytes > 0) {
      reader_.skip_payload(got.bytes);
      filled += got.bytes;
      on_heard();
      listener_->on_bytes(static_cast<std::uint32_t>(got.bytes));
      continue;
    }
    if (got.is_over()) {
      close(end_reason::closed_by_peer);
      break;
    }
    const auto worth_waiting_for = static_cast<std::uint32_t>(std::min(listener_->rate() * low_watermark_seconds, 1e9));
    const auto left = static_cast<std::uint32_t>(to.size() - filled);
    (void)co_await stream_.wait_readable(std::min(worth_waiting_for, left));
  }
  co_return static_cast<std::uint32_t>(filled);
}

}  // namespace shoal
