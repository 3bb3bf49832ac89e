// A bounded pool of receive buffers. It bounds the payload in memory between sockets and disk.
//
// A reader waits if too many buffers are on their way to the disk. It then stops reading from its socket. So a slow
// disk slows the senders down instead of filling memory. Nobody waits for a slow sender: if the pool is empty, a reader
// gets a buffer of which it may fill a block, and the kernel gives memory only to what is filled. Belongs to one
// io_context; buffers are given back on its thread. The pool outlives its buffers.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "core/page_buffer.hpp"
#include "core/sha256.hpp"
#include "net/event.hpp"

namespace shoal {

/// Bytes of one buffer: a batch of 16 leaves, which keeps all lanes of the multi-buffer hash busy.
inline constexpr std::uint32_t receive_buffer_bytes = 256 * 1024;
/// Buffers of one process that may be filled: 40 MiB. Most of them may wait partly filled for slow sources.
inline constexpr std::size_t receive_buffers_max = 160;
/// Full buffers on their way to the disk. More are not faster: when they are hashed, the cache has lost them already.
inline constexpr std::size_t full_buffers_max = 64;

class buffer_pool {
 public:
  explicit buffer_pool(asio::any_io_executor executor, std::size_t capacity = receive_buffers_max,
                       std::size_t full_max = full_buffers_max)
      : executor_(std::move(executor)), capacity_(capacity), full_max_(full_max) {}
  ~buffer_pool();

  using buffer = page_buffer;

  /// A buffer of receive_buffer_bytes, as soon as the disk allows. First come, first served.
  awaitable<buffer> acquire();
  /// So much of the buffer that was just acquired may be filled.
  std::uint32_t usable_bytes() const { return in_use_ <= capacity_ ? receive_buffer_bytes : block_bytes; }
  /// A buffer was filled and goes to the disk; release_full() gives it back.
  void on_full() { ++full_; }
  void release(buffer&& returned);
  void release_full(buffer&& returned);
  std::size_t in_use() const { return in_use_; }
  /// A reader waits for a buffer.
  bool exhausted() const { return !waiting_.empty(); }

 private:
  bool has_room() const { return full_ < full_max_; }

  asio::any_io_executor executor_;
  std::size_t capacity_;
  std::size_t full_max_;
  std::size_t in_use_ = 0;
  std::size_t full_ = 0;  // of those in use
  std::vector<buffer> free_;
  std::deque<event*> waiting_;
};

}  // namespace shoal
