#include "peer/share/store_queue.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <deque>
#include <iterator>
#include <mutex>

#include "core/assert.hpp"
#include "observe/thread_load.hpp"

namespace shoal {

struct store_queue::shared {
  shared(store_queue* to, asio::any_io_executor home_, asio::thread_pool& pool)
      : owner(to), home(std::move(home_)), workers(pool) {}

  store_queue* const owner;  // alive while one of its jobs is here
  const asio::any_io_executor home;
  asio::thread_pool& workers;
  std::mutex mutex;
  std::deque<job> waiting;
  std::uint64_t waiting_bytes = 0;
  std::vector<job> stored;
  work_done done;
  std::size_t at_work = 0;  // workers that will look at `waiting` again
};

store_queue::store_queue(asio::any_io_executor home, asio::thread_pool& workers, buffer_pool& buffers,
                         std::function<void(std::span<const job>)> on_stored)
    : buffers_(buffers),
      on_stored_(std::move(on_stored)),
      shared_(std::make_shared<shared>(this, home, workers)),
      idle_(home) {}

store_queue::~store_queue() {
  SHOAL_ASSERT(size_ == 0);
}

void store_queue::push(std::shared_ptr<content_files> files, source_id from, const byte_range& range, block_mask wanted,
                       buffer_pool::buffer buffer) {
  SHOAL_ASSERT(wanted != 0);
  const std::uint32_t blocks = blocks_of(range.bytes);
  job one{std::move(files), from, range, {}, std::move(buffer), {}};
  for (std::uint32_t i = 0; i < blocks; ++i) {
    if ((wanted >> i & 1) == 0) continue;
    if (!one.wanted.empty() && one.wanted.back().first + one.wanted.back().count == i) {
      ++one.wanted.back().count;
    } else {
      one.wanted.push_back({i, 1});
    }
  }
  ++size_;
  buffers_.on_full();
  bool call_one_more = false;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->waiting.push_back(std::move(one));
    shared_->waiting_bytes += range.bytes;
    call_one_more = shared_->waiting_bytes > shared_->at_work * bytes_per_worker;
    if (call_one_more) ++shared_->at_work;
  }
  if (call_one_more) asio::post(shared_->workers, [with = shared_] { work(with); });
}

void store_queue::work(const std::shared_ptr<shared>& with) {
  std::vector<job> batch;
  for (std::size_t turn = 0; turn < batches_per_turn; ++turn) {
    {
      const std::lock_guard lock(with->mutex);
      if (with->waiting.empty()) {
        --with->at_work;
        return;
      }
      std::uint32_t bytes = 0;
      while (!with->waiting.empty() &&
             (batch.empty() || bytes + with->waiting.front().range.bytes <= receive_buffer_bytes)) {
        bytes += with->waiting.front().range.bytes;
        batch.push_back(std::move(with->waiting.front()));
        with->waiting.pop_front();
      }
      with->waiting_bytes -= bytes;
    }
    const work_done took = store(batch);
    bool tell = false;
    {
      const std::lock_guard lock(with->mutex);
      with->done.hashing += took.hashing;
      with->done.writing += took.writing;
      with->done.waiting += took.waiting;
      with->done.bytes += took.bytes;
      tell = with->stored.empty();
      std::move(batch.begin(), batch.end(), std::back_inserter(with->stored));
    }
    batch.clear();
    if (tell) asio::post(with->home, [with] { with->owner->deliver(); });
  }
  asio::post(with->workers, [with] { work(with); });
}

store_queue::work_done store_queue::done() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->done;
}

store_queue::work_done store_queue::store(std::span<job> batch) {
  const time_point begun = clock::now();
  std::vector<byte_view> blocks;
  for (const job& one : batch) {
    for (std::uint32_t begin = 0; begin < one.range.bytes; begin += block_bytes) {
      blocks.emplace_back(one.buffer.get() + begin, std::min<std::uint32_t>(block_bytes, one.range.bytes - begin));
    }
  }
  std::vector<digest> leaves(blocks.size());
  sha256_blocks(blocks, leaves);
  const time_point hashed = clock::now();
  work_done took{.hashing = hashed - begun};
  auto next = leaves.begin();
  for (job& one : batch) {
    const auto end = next + blocks_of(one.range.bytes);
    one.leaves.assign(next, end);
    next = end;
    for (const run& part : one.wanted) {
      const std::uint32_t offset = part.first * block_bytes;
      const std::uint32_t bytes = std::min(part.count * block_bytes, one.range.bytes - offset);
      one.written = one.files->write(one.range.piece, one.range.begin + offset, {one.buffer.get() + offset, bytes});
      if (!one.written) break;
    }
    // Closing the last handle of a file can block.
    one.files.reset();
    took.bytes += one.range.bytes;
  }
  took.writing = clock::now() - hashed;
  took.waiting = std::min(thread_load::waited_since_last(), took.hashing + took.writing);
  return took;
}

void store_queue::deliver() {
  std::vector<job> stored;
  {
    const std::lock_guard lock(shared_->mutex);
    stored.swap(shared_->stored);
  }
  on_stored_(stored);
  for (job& one : stored) {
    buffers_.release_full(std::move(one.buffer));
    --size_;
  }
  if (size_ == 0) idle_.set();
}

awaitable<void> store_queue::drained() {
  while (size_ > 0) co_await idle_.wait();
}

}  // namespace shoal
