#include "peer/session/receiver.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "policy/quick_path.hpp"

namespace shoal {

namespace {

// A reader that waits for more than what comes in this time would see a slow source as a silent one.
constexpr double low_watermark_seconds = 0.01;
// Read at a time of what nobody wants.
constexpr std::size_t rest_bytes = 64 * KiB;

// What passes in that time.
double held_bytes(std::uint64_t bytes_per_second, duration time) {
  return static_cast<double>(bytes_per_second) * std::chrono::duration<double>(time).count();
}

}  // namespace

void receiver::on_heard(time_point now) {
  if (path_.on_heard(now)) host_.on_path_back();
}

awaitable<std::size_t> receiver::fill() {
  while (!stopped_) {
    auto space = reader_.free_space();
    if (space.empty()) {
      close_for_memory();
      break;
    }
    if (const std::uint64_t rate = limit_.lowest_rate(); rate != 0) {
      const auto held = static_cast<std::size_t>(held_bytes(rate, limited_read_held));
      space = space.first(std::min(space.size(), std::max(held, limited_read_bytes_min)));
    }
    const auto got = stream_.recv_some(space);
    if (got.bytes > 0) {
      reader_.commit(got.bytes);
      on_heard(clock::now());
      co_return got.bytes;
    }
    if (got.is_over()) {
      host_.close(end_reason::closed_by_peer);
      break;
    }
    if (!release()) break;
    (void)co_await stream_.wait_readable();
  }
  co_return 0;
}

bool receiver::release() {
  const bool room = reader_.release();
  if (!room) close_for_memory();
  return room;
}

void receiver::close_for_memory() {
  host_.close(end_reason::no_memory, "too much memory is taken by messages that wait or have no end");
}

awaitable<void> receiver::receive_piece(byte_range range, session_listener& to) {
  // Messages came before, which are paid for as such.
  if (const auto now = clock::now(); now > looked_ + segments_looked_max) {
    small_segments_ = stream_.small_segments();
    looked_ = now;
  }
  std::uint32_t offset = 0;
  while (offset < range.bytes) {
    auto buffer = co_await context_.buffers.acquire();
    const std::uint32_t segment = std::min(context_.buffers.usable_bytes(), range.bytes - offset);
    std::uint32_t got = 0;
    const std::span<std::uint8_t> place(buffer.get(), segment);
    if (!stopped_) got = co_await receive_payload(place, to);
    // Whole blocks count even when the connection broke in the middle of the message.
    const std::uint32_t usable = got == segment ? segment : got - got % block_bytes;
    if (usable > 0) {
      to.on_blocks({range.piece, range.begin + offset, usable}, std::move(buffer));
    } else {
      context_.buffers.release(std::move(buffer));
    }
    if (got < segment) co_return;
    offset += segment;
  }
  to.on_piece_end(range);
}

awaitable<std::size_t> receiver::wait_for_limit(std::size_t wanted, session_listener& to) {
  path_.on_limited(true);
  to.on_limited();
  const std::uint64_t given = co_await limit_.take(turn_, wanted);
  path_.on_limited(false);
  to.on_limit_passed();
  co_return static_cast<std::size_t>(given);
}

awaitable<std::uint32_t> receiver::receive_payload(std::span<std::uint8_t> place, session_listener& to) {
  std::size_t filled = reader_.take_payload(place);
  limit_.owe(filled);
  if (filled > 0) {
    host_.on_payload_received(filled, path_.last_heard());
    to.on_bytes(static_cast<std::uint32_t>(filled));
  }
  while (filled < place.size() && !stopped_) {
    auto allowed = static_cast<std::size_t>(limit_.take_now(place.size() - filled));
    if (allowed == 0) allowed = co_await wait_for_limit(place.size() - filled, to);
    if (allowed == 0) break;
    const auto got = stream_.recv_some(place.subspan(filled, allowed));
    limit_.put_back(allowed - got.bytes);
    if (got.bytes > 0) {
      reader_.skip_payload(got.bytes);
      filled += got.bytes;
      const time_point now = clock::now();
      on_heard(now);
      path_.on_payload(now);
      host_.on_payload_received(got.bytes, now);
      to.on_bytes(static_cast<std::uint32_t>(got.bytes));
      if (now >= looked_ + segments_look_interval) co_await look_at_segments();
      continue;
    }
    if (got.is_over()) {
      host_.close(end_reason::closed_by_peer);
      break;
    }
    const auto worth_waiting_for = static_cast<std::uint32_t>(std::min(to.rate() * low_watermark_seconds, 1e9));
    const auto left = static_cast<std::uint32_t>(place.size() - filled);
    (void)co_await stream_.wait_readable(std::min(worth_waiting_for, left));
  }
  co_return static_cast<std::uint32_t>(filled);
}

awaitable<void> receiver::look_at_segments() {
  looked_ = clock::now();
  const std::int64_t before = std::exchange(small_segments_, stream_.small_segments());
  co_await host_.on_small_segments(small_segments_ - before);
}

awaitable<void> receiver::discard_rest() {
  const std::unique_ptr<std::uint8_t[]> nothing(new std::uint8_t[rest_bytes]);
  while (!stopped_) {
    const auto got = stream_.recv_some({nothing.get(), rest_bytes});
    if (got.bytes > 0) {
      // Whoever sends without end must not keep others waiting.
      co_await asio::post(context_.executor, asio::use_awaitable);
      continue;
    }
    if (got.is_over()) {
      host_.close(end_reason::closed_by_peer);
    } else {
      (void)co_await stream_.wait_readable();
    }
  }
}

void receiver::on_limits() {
  const std::uint64_t rate = limit_.lowest_rate();
  const duration round_trip = path_.round_trip_min();
  std::uint32_t wanted = quick_path::is_near(round_trip) ? bulk_receive_buffer_bytes : 0;
  const double held = held_bytes(rate, limited_receive_held + 2 * round_trip);
  if (rate != 0 && held < bulk_receive_buffer_bytes) {
    wanted = std::max(static_cast<std::uint32_t>(held), limited_receive_buffer_bytes_min);
  }
  if (wanted != std::exchange(receive_buffer_, wanted)) stream_.set_receive_buffer(wanted);
}

}  // namespace shoal
