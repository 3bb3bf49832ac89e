#include "net/buffer_pool.hpp"

#include "core/assert.hpp"

namespace shoal {

buffer_pool::~buffer_pool() {
  SHOAL_ASSERT(in_use_ == 0);
}

awaitable<buffer_pool::buffer> buffer_pool::acquire() {
  if (!has_room() || !waiting_.empty()) {
    event ready(executor_);
    waiting_.push_back(&ready);
    // release() takes the waiter out of the queue and counts its buffer.
    co_await ready.wait();
  } else {
    ++in_use_;
  }
  if (free_.empty()) co_return make_page_buffer(receive_buffer_bytes);
  buffer taken = std::move(free_.back());
  free_.pop_back();
  co_return taken;
}

void buffer_pool::release(buffer&& returned) {
  SHOAL_ASSERT(in_use_ > full_);
  if (in_use_ <= capacity_) free_.push_back(std::move(returned));
  --in_use_;
  while (!waiting_.empty() && has_room()) {
    ++in_use_;
    waiting_.front()->set();
    waiting_.pop_front();
  }
}

void buffer_pool::release_full(buffer&& returned) {
  SHOAL_ASSERT(full_ > 0);
  --full_;
  release(std::move(returned));
}

}  // namespace shoal
