#include "wire/frame_reader.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/assert.hpp"
#include "wire/message_decoder.hpp"

namespace shoal::wire {

namespace {

constexpr std::size_t prefix_bytes = 4;
constexpr auto bitfield_id = static_cast<std::uint8_t>(message_id::bitfield);
constexpr auto piece_id = static_cast<std::uint8_t>(message_id::piece);
/// Length prefix, id, piece index and begin.
constexpr std::size_t piece_header_bytes = prefix_bytes + 1 + 4 + 4;
/// A reader that waits with no more than this holds no larger buffer.
constexpr std::size_t small_bytes = 2 * 1024;
/// Less than this is moved to the front of the buffer, so that every read has nearly all of it.
constexpr std::size_t cheap_move_bytes = 512;

static_assert(frame_reader::payload_bytes_max == request_bytes_max);

error too_long(std::uint8_t id, std::size_t bytes) {
  return {errc::protocol, "message " + std::to_string(id) + " of " + std::to_string(bytes) +
                              " bytes: longer than any message with this id may be"};
}

}  // namespace

/// Bytes that make the next event, as far as the buffered bytes tell. try_next() rejects what breaks a limit.
std::size_t frame_reader::bytes_wanted() const {
  if (payload_due_ > 0 || end_ - begin_ <= prefix_bytes) return prefix_bytes + 1;
  const std::uint8_t* const at = buffer_.get() + begin_;
  if (at[prefix_bytes] == piece_id) return piece_header_bytes;
  return prefix_bytes + std::min<std::size_t>(load_be32(at), frame_bytes_max);
}

bool frame_reader::resize(std::size_t capacity) {
  if (!taken_.resize(capacity > buffer_bytes ? capacity - frame_memory::free_bytes : 0)) return false;
  auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
  const std::size_t held = end_ - begin_;
  if (held > 0) std::memcpy(larger.get(), buffer_.get() + begin_, held);
  buffer_ = std::move(larger);
  capacity_ = capacity;
  begin_ = 0;
  end_ = held;
  return true;
}

std::span<std::uint8_t> frame_reader::free_space() {
  const std::size_t held = end_ - begin_;
  if (held == 0) begin_ = end_ = 0;
  const std::size_t wanted = bytes_wanted();
  // The wait is over.
  if (capacity_ <= buffer_bytes) (void)taken_.resize(0);
  if (capacity_ < buffer_bytes || (held == 0 && capacity_ > buffer_bytes)) {
    (void)resize(buffer_bytes);
  } else if (held == capacity_ && wanted > capacity_) {
    // Doubling: a sender that claims a long frame must send half of it before it costs memory.
    if (!resize(std::min(2 * capacity_, std::max(wanted, buffer_bytes)))) return {};
  } else if (begin_ > 0 && (held < cheap_move_bytes || begin_ + wanted > capacity_ || end_ == capacity_)) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, held);
    begin_ = 0;
    end_ = held;
  }
  SHOAL_ASSERT(end_ < capacity_);
  return {buffer_.get() + end_, capacity_ - end_};
}

void frame_reader::commit(std::size_t bytes) {
  SHOAL_ASSERT(bytes <= capacity_ - end_);
  end_ += bytes;
}

result<frame_reader::event> frame_reader::try_next() {
  SHOAL_ASSERT(payload_due_ == 0);
  const std::size_t held = end_ - begin_;
  if (held < prefix_bytes) return event{more{}};
  const std::uint8_t* const at = buffer_.get() + begin_;
  const std::size_t length = load_be32(at);
  if (length == 0) {
    begin_ += prefix_bytes;
    return event{message{keep_alive{}}};
  }
  if (held == prefix_bytes) return event{more{}};

  const std::uint8_t id = at[prefix_bytes];
  if (id == piece_id) {
    constexpr std::size_t head = piece_header_bytes - prefix_bytes;
    if (length <= head || length - head > payload_bytes_max) {
      return error{errc::protocol,
                   "piece message of " + std::to_string(length) + " bytes: no payload, or more than may be requested"};
    }
    if (held < piece_header_bytes) return event{more{}};
    begin_ += piece_header_bytes;
    payload_due_ = static_cast<std::uint32_t>(length - head);
    return event{piece{{piece_index{load_be32(at + 5)}, load_be32(at + 9), payload_due_}}};
  }

  if (length > (id == bitfield_id ? frame_bytes_max : control_frame_bytes_max)) return too_long(id, length);
  if (held - prefix_bytes < length) return event{more{}};
  begin_ += prefix_bytes + length;
  return decode_as<result<event>>({at + prefix_bytes, length});
}

std::size_t frame_reader::take_payload(std::span<std::uint8_t> to) {
  const std::size_t taken = std::min({to.size(), std::size_t{payload_due_}, end_ - begin_});
  if (taken > 0) std::memcpy(to.data(), buffer_.get() + begin_, taken);
  begin_ += taken;
  payload_due_ -= static_cast<std::uint32_t>(taken);
  return taken;
}

void frame_reader::skip_payload(std::size_t bytes) {
  SHOAL_ASSERT(empty() && bytes <= payload_due_);
  payload_due_ -= static_cast<std::uint32_t>(bytes);
}

bool frame_reader::release() {
  const std::size_t held = end_ - begin_;
  if (held == 0) {
    buffer_.reset();
    capacity_ = begin_ = end_ = 0;
    return taken_.resize(0);
  }
  for (const std::size_t small : {small_bytes, frame_memory::free_bytes}) {
    if (capacity_ <= small) return true;
    if (held <= small) return resize(small);
  }
  return taken_.resize(capacity_ - frame_memory::free_bytes);
}

}  // namespace shoal::wire
