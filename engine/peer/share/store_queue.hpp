// The way of received payload to the disk. The worker pool hashes and writes full buffers in order of arrival.
//
// To wake another thread costs as much as to hash several blocks. So no thread is woken that comes by anyway:
// - A worker goes on to the next buffers. Another worker joins only when buffers pile up.
// - The network thread hears at once of all that was stored meanwhile.
// - A worker takes what fills all lanes of the hash: one full buffer, or many small files together.
//
// Owned by download, which waits for drained() before it ends; on the network thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "content/geometry.hpp"
#include "core/time.hpp"
#include "net/buffer_pool.hpp"
#include "net/event.hpp"
#include "policy/transfer.hpp"
#include "store/content_files.hpp"

namespace shoal {

/// Bytes that wait for each working worker before one more joins. With fewer bytes, waking it costs more than it
/// brings.
inline constexpr std::uint64_t bytes_per_worker = 768 * KiB;
/// Batches that a worker stores before it lets other work have its thread.
inline constexpr std::size_t batches_per_turn = 16;

class store_queue {
 public:
  /// Consecutive blocks of a buffer.
  struct run {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  struct job {
    std::shared_ptr<content_files> files;
    source_id from;
    byte_range range;
    std::vector<run> wanted;  ///< what is written; the rest of the buffer is not
    buffer_pool::buffer buffer;
    std::vector<digest> leaves;  ///< of all blocks of the range
    result<void> written{};
  };

  /// Calls `on_stored` on the network thread, once for each job. `on_stored` may push.
  store_queue(asio::any_io_executor home, asio::thread_pool& workers, buffer_pool& buffers,
              std::function<void(std::span<const job>)> on_stored);
  ~store_queue();

  /// `wanted` is not empty. After on_stored, the buffer goes back to the pool.
  void push(std::shared_ptr<content_files> files, source_id from, const byte_range& range, block_mask wanted,
            buffer_pool::buffer buffer);
  /// What the workers did so far, and how long they took for it, all together.
  struct work_done {
    duration hashing{};
    duration writing{};
    duration waiting{};  ///< of these, for a processor
    std::uint64_t bytes = 0;
  };
  work_done done() const;
  /// Jobs whose on_stored has not returned yet.
  std::size_t size() const { return size_; }
  /// Returns when there are no jobs. At most one coroutine at a time.
  awaitable<void> drained();

 private:
  struct shared;
  static void work(const std::shared_ptr<shared>& with);
  static work_done store(std::span<job> batch);
  void deliver();

  buffer_pool& buffers_;
  std::function<void(std::span<const job>)> on_stored_;
  std::shared_ptr<shared> shared_;  // the workers share it, and may look once more after the last job
  std::size_t size_ = 0;
  event idle_;
};

}  // namespace shoal
