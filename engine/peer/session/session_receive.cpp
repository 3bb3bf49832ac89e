// The receiving of payload in session: straight from the socket into pooled buffers.

#include <algorithm>
#include <utility>

#include "peer/session/session.hpp"

namespace shoal {

namespace {

// A reader that waits for more than what comes in this time would see a slow source as a silent one.
constexpr double low_watermark_seconds = 0.01;

double seconds(duration time) {
  return std::chrono::duration<double>(time).count();
}

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

void session::on_limits() {
  const std::uint64_t rate = share_.down().lowest_rate();
  std::uint32_t wanted = quick_path::is_near(path_.round_trip_min()) ? bulk_receive_buffer_bytes : 0;
  const double held = static_cast<double>(rate) * seconds(limited_receive_held + 2 * path_.round_trip_min());
  if (rate != 0 && held < bulk_receive_buffer_bytes) {
    wanted = std::max(static_cast<std::uint32_t>(held), limited_receive_buffer_bytes_min);
  }
  if (wanted != std::exchange(receive_buffer_, wanted)) stream_.set_receive_buffer(wanted);
}

awaitable<std::size_t> session::wait_for_limit(std::size_t wanted) {
  path_.on_limited(true);
  listener_->on_limited();
  const std::uint64_t given = co_await share_.down().take(receive_turn_, wanted);
  path_.on_limited(false);
  listener_->on_limit_passed();
  co_return static_cast<std::size_t>(given);
}

awaitable<std::uint32_t> session::receive_payload(std::span<std::uint8_t> to) {
  throttle& limit = share_.down();
  std::size_t filled = reader_.take_payload(to);
  limit.owe(filled);
  if (filled > 0) listener_->on_bytes(static_cast<std::uint32_t>(filled));
  while (filled < to.size() && !closed_) {
    auto allowed = static_cast<std::size_t>(limit.take_now(to.size() - filled));
    if (allowed == 0) allowed = co_await wait_for_limit(to.size() - filled);
    if (allowed == 0) break;
    const auto got = stream_.recv_some(to.subspan(filled, allowed));
    limit.put_back(allowed - got.bytes);
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
