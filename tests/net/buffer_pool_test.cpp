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

TEST_CASE("an empty pool makes readers wait, first come, first served", "[buffer_pool]") {
  world w;
  buffer_pool pool(w.executor(), 2);
  std::vector<int> order;
  std::vector<buffer_pool::buffer> taken;
  for (int i = 0; i < 5; ++i) w.tasks.spawn("reader", take(pool, i, order, taken));
  w.context.poll();
  CHECK(order == std::vector<int>{0, 1});
  CHECK(pool.in_use() == 2);

  const auto give_back = [&] {
    auto buffer = std::move(taken.back());
    taken.pop_back();
    pool.release(std::move(buffer));
  };
  give_back();
  CHECK(pool.in_use() == 2);
  // One that comes now does not overtake those that wait.
  w.tasks.spawn("reader", take(pool, 5, order, taken));
  w.context.restart();
  w.context.poll();
  CHECK(order == std::vector<int>{0, 1, 2});
  while (order.size() < 6) {
    give_back();
    w.context.restart();
    w.context.poll();
  }
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 5});
  CHECK(w.drain());
  for (const auto& buffer : taken) REQUIRE(buffer != nullptr);
  while (!taken.empty()) give_back();
  CHECK(pool.in_use() == 0);
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
