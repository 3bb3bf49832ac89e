// Cuts a byte stream into messages without copying payload. The receiving half of one session.
//
// 1. The caller reads from the socket into free_space() and calls commit().
// 2. The caller calls try_next() until it says `more`.
// 3. A `piece` message is reported as soon as its 13 header bytes are there. The caller takes the buffered payload with
//    take_payload(). It reads the rest from the socket straight into its own memory, and reports that with
//    skip_payload().
//
// Owns one buffer, allocated on first use and freed by release() when idle. A buffer beyond buffer_bytes comes out of
// the frame_memory of the process, and so does one that is kept over a wait. No coroutine, no socket. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <variant>

#include "content/geometry.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "wire/frame_memory.hpp"
#include "wire/messages.hpp"

namespace shoal::wire {

class frame_reader {
 public:
  /// `memory` outlives this. Null: nobody bounds all readers together. `origin`: who sends.
  explicit frame_reader(frame_memory* memory = nullptr, const address_group& origin = {}) : taken_(memory, origin) {}
  frame_reader(const frame_reader&) = delete;
  frame_reader& operator=(const frame_reader&) = delete;

  /// Bytes buffered for control messages.
  static constexpr std::size_t buffer_bytes = 64 * 1024;
  /// The largest frame other than `piece`: a bitfield of pieces_max pieces and its id.
  static constexpr std::size_t frame_bytes_max = pieces_max / 8 + 1;
  /// Any frame but `piece` and `bitfield`: what the buffer holds beside a length prefix. 512 hashes with proofs take 19
  /// KiB, a metadata piece 17 KiB.
  static constexpr std::size_t control_frame_bytes_max = buffer_bytes - 4;
  /// `piece` payload: request_bytes_max (extension.hpp).
  static constexpr std::size_t payload_bytes_max = 1024 * 1024;

  /// More bytes are needed.
  struct more {
    friend bool operator==(const more&, const more&) = default;
  };
  /// A `piece` message begins. `range.bytes` payload bytes follow. The caller consumes them before the next try_next().
  struct piece {
    byte_range range;
    friend bool operator==(const piece&, const piece&) = default;
  };
  using event = std::variant<more, piece, message>;

  /// Where to read to. Empty only if the frame_memory is used up: then the session must end. Call it after try_next()
  /// said `more`, or after take_payload() emptied the buffer. Grows past buffer_bytes only for a larger bitfield, and
  /// only as far as the bitfield has arrived.
  std::span<std::uint8_t> free_space();
  /// `bytes` were read into the start of the last free_space().
  void commit(std::size_t bytes);

  /// The next event from what is buffered. errc::protocol for a frame that breaks a limit or does not decode. After an
  /// error the stream is lost.
  result<event> try_next();

  /// Payload bytes of the current `piece` not yet consumed.
  std::uint32_t payload_due() const { return payload_due_; }
  /// Moves buffered payload to `to`, at most payload_due() bytes. Returns how many.
  std::size_t take_payload(std::span<std::uint8_t> to);
  /// The caller read `bytes` of the payload itself. Only when nothing is buffered.
  void skip_payload(std::size_t bytes);

  bool empty() const { return begin_ == end_; }
  /// Called before a wait. Frees the buffer if nothing is buffered, and shrinks it if little is. So an idle session
  /// holds none, and one that stops in the middle of a short message holds little. A larger buffer comes out of the
  /// frame_memory until the wait is over. False: that is used up, and the session must end.
  [[nodiscard]] bool release();

 private:
  std::size_t bytes_wanted() const;
  /// False: the frame_memory is used up, for all or for this origin.
  bool resize(std::size_t capacity);

  std::unique_ptr<std::uint8_t[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint32_t payload_due_ = 0;
  taken_memory taken_;
};

}  // namespace shoal::wire
