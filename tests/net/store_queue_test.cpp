#include "peer/share/store_queue.hpp"

#include <catch2/catch.hpp>
#include <cstring>

#include "tests/net/world.hpp"
#include "unit/store/sample_share.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

struct fixture {
  fixture() {
    auto opened = content_files::open_partial(home.path().string(), info, false, std::make_shared<file_cache>(512), {},
                                              [](const partial_record&) -> result<void> { return {}; });
    REQUIRE(opened);
    files = *opened;
  }
  ~fixture() {
    workers.join();
    (void)w.drain();
  }

  void push(store_queue& queue, std::uint32_t begin, std::uint32_t bytes, block_mask wanted) {
    buffer_pool::buffer buffer;
    REQUIRE(w.finish(take(buffer)));
    std::memset(buffer.get(), static_cast<int>(begin / receive_buffer_bytes + 1), bytes);
    queue.push(files, source_id{0}, {piece_index{0}, begin, bytes}, wanted, std::move(buffer));
  }
  awaitable<void> take(buffer_pool::buffer& to) { to = co_await buffers.acquire(); }

  test::temporary_directory home;
  metainfo_ptr info = test::made_up_file("file", 8 * MiB);
  std::shared_ptr<content_files> files;
  world w;
  asio::thread_pool workers{2};
  buffer_pool buffers{w.executor()};
};

}  // namespace

TEST_CASE("full buffers are hashed and written, and their places given back", "[store_queue]") {
  fixture f;
  std::size_t told = 0;
  store_queue queue(f.w.executor(), f.workers, f.buffers, [&](std::span<const store_queue::job> done) {
    told += done.size();
    for (const store_queue::job& one : done) {
      REQUIRE(one.written);
      REQUIRE(one.leaves.size() == receive_buffer_bytes / block_bytes);
      const byte_buffer expected(block_bytes, one.buffer[0]);
      for (const digest& leaf : one.leaves) REQUIRE(leaf == sha256(expected));
    }
  });
  constexpr std::uint32_t count = 32;
  for (std::uint32_t i = 0; i < count; ++i) {
    // Of the first buffer all but the second block is wanted.
    f.push(queue, i * receive_buffer_bytes, receive_buffer_bytes, i == 0 ? 0xfffd : 0xffff);
  }
  REQUIRE(f.w.finish(queue.drained()));
  CHECK(told == count);
  CHECK(queue.size() == 0);
  CHECK(f.buffers.in_use() == 0);
  byte_buffer all(8 * MiB);
  REQUIRE(f.files->read(piece_index{0}, 0, all));
  for (std::uint32_t i = 0; i < count; ++i) {
    REQUIRE(all[i * receive_buffer_bytes] == i + 1);
    REQUIRE(all[(i + 1) * receive_buffer_bytes - 1] == i + 1);
  }
  CHECK(all[block_bytes - 1] == 1);
  CHECK(all[block_bytes] == 0);
  CHECK(all[2 * block_bytes] == 1);
}

TEST_CASE("what cannot be written is told with its error", "[store_queue]") {
  fixture f;
  REQUIRE(f.files->discard());
  std::size_t failed = 0;
  store_queue queue(f.w.executor(), f.workers, f.buffers, [&](std::span<const store_queue::job> done) {
    for (const store_queue::job& one : done) {
      if (!one.written && one.written.error().code == errc::cancelled) ++failed;
    }
  });
  for (std::uint32_t i = 0; i < 3; ++i) f.push(queue, i * receive_buffer_bytes, receive_buffer_bytes, 1);
  REQUIRE(f.w.finish(queue.drained()));
  CHECK(failed == 3);
  CHECK(f.buffers.in_use() == 0);
}
