// A bounded pool of receive buffers: what bounds the payload that sits in memory between sockets and disk.
//
// A reader that finds the pool empty waits, and so stops reading from its socket: a slow disk slows the senders down
// instead of filling memory. Belongs to one io_context; buffers are given back on its thread. The pool outlives its
// buffers.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "net/event.hpp"

namespace shoal {

/// One buffer: a batch of 16 leaves, which keeps all lanes of the multi-buffer hash busy.
inline constexpr std::uint32_t receive_buffer_bytes = 256 * 1024;
/// Buffers of one process. Half of them may wait partly filled at slow sources while the rest keeps fast ones going.
inline constexpr std::size_t receive_buffers_max = 192;

class buffer_pool {
 public:
  explicit buffer_pool(asio::any_io_executor executor, std::size_t capacity = receive_buffers_max)
      : executor_(std::move(executor)), capacity_(capacity) {}
  ~buffer_pool();

  using buffer = std::unique_ptr<std::uint8_t[]>;

  /// A buffer of receive_buffer_bytes, as soon as there is one; first come, first served.
  awaitable<buffer> acquire();
  void release(buffer&& returned);
  std::size_t in_use() const { return in_use_; }
  /// Somebody waits for a buffer.
  bool exhausted() const { return !waiting_.empty(); }

 private:
  asio::any_io_executor executor_;
  std::size_t capacity_;
  std::size_t in_use_ = 0;
  std::vector<buffer> free_;
  std::deque<event*> waiting_;
};

}  // namespace shoal
