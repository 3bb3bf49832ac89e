#include "net/buffer_pool.hpp"

#include <catch2/catch.hpp>

#include "tests/net/world.hpp"

using namespace shoal;
using namespace shoal::testing;

namespace {

awaitable<void> take(buffer_pool& pool, int number, std::vector<int>& order, std::vector<buffer_pool::buffer>& taken) {
  auto buffer = co_await pool.acquire();
  order.push_back(number);
  taken.push_back(std::move(buffer));
}

}  // namespace

TEST_CASE("nobody waits for those that fill their buffers slowly", "[buffer_pool]") {
  world w;
  buffer_pool pool(w.executor(), 2);
  std::vector<int> order;
  std::vector<buffer_pool::buffer> taken;
  for (int i = 0; i < 5; ++i) {
    w.tasks.spawn("reader", take(pool, i, order, taken));
    w.context.restart();
    w.context.poll();
    // Of a buffer beyond the pool's only a block may be filled.
    CHECK(pool.usable_bytes() == (i < 2 ? receive_buffer_bytes : block_bytes));
  }
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(pool.in_use() == 5);
  CHECK(w.drain());
  while (!taken.empty()) {
    REQUIRE(taken.back() != nullptr);
    pool.release(std::move(taken.back()));
    taken.pop_back();
  }
  CHECK(pool.in_use() == 0);
  CHECK(pool.usable_bytes() == receive_buffer_bytes);
}

TEST_CASE("however many wait for the disk, few buffers are filled at once", "[buffer_pool]") {
  world w;
  buffer_pool pool(w.executor(), 2, 1);
  std::vector<int> order;
  std::vector<buffer_pool::buffer> taken;
  w.tasks.spawn("reader", take(pool, 0, order, taken));
  w.context.poll();
  pool.on_full();
  for (int i = 1; i < 6; ++i) w.tasks.spawn("reader", take(pool, i, order, taken));
  w.context.restart();
  w.context.poll();
  REQUIRE(order.size() == 1);
  pool.release_full(std::move(taken.front()));
  CHECK(w.drain());
  REQUIRE(order.size() == 6);
  CHECK(pool.usable_bytes() == block_bytes);
  for (std::size_t i = 1; i < 6; ++i) pool.release(std::move(taken[i]));
}

TEST_CASE("readers wait while too many full buffers are on their way to the disk", "[buffer_pool]") {
  world w;
  buffer_pool pool(w.executor(), 4, 2);
  std::vector<int> order;
  std::vector<buffer_pool::buffer> taken;
  for (int i = 0; i < 2; ++i) w.tasks.spawn("reader", take(pool, i, order, taken));
  w.context.poll();
  pool.on_full();
  pool.on_full();
  for (int i = 2; i < 4; ++i) w.tasks.spawn("reader", take(pool, i, order, taken));
  w.context.restart();
  w.context.poll();
  CHECK(order == std::vector<int>{0, 1});
  CHECK(pool.exhausted());

  auto first = std::move(taken.front());
  pool.release_full(std::move(first));
  CHECK(w.drain());
  CHECK(order == std::vector<int>{0, 1, 2, 3});
  CHECK(pool.in_use() == 3);
  pool.release_full(std::move(taken[1]));
  for (std::size_t i = 2; i < 4; ++i) pool.release(std::move(taken[i]));
  CHECK(pool.in_use() == 0);
}
