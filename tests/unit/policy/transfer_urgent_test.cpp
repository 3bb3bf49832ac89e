// Pieces that somebody waits for come first.
#include <catch2/catch.hpp>

#include "unit/policy/support/fake_swarm.hpp"
#include "unit/policy/support/transfer_stage.hpp"

using namespace shoal;
using namespace std::chrono_literals;
using fake::stage;
using fake::swarm;

TEST_CASE("urgent pieces are asked for first, in their order") {
  stage s(1 * MiB, {64 * MiB});
  s.transfer.on_urgent({piece_index{50}, piece_index{7}, piece_index{51}});
  const auto ann = s.join(s.only({1, 2, 3, 7, 51}), 1 * MiB, 2048);
  std::vector<std::uint32_t> order;
  while (order.size() < 4) {
    for (const auto& range : s.ask(ann)) {
      if (order.empty() || order.back() != range.piece.value()) order.push_back(range.piece.value());
      s.now += 1ms;
      s.deliver(ann, range);
    }
  }
  CHECK(order[0] == 7);
  CHECK(order[1] == 51);
}

TEST_CASE("urgent pieces out of range, and too many of them, harm nobody") {
  stage s(64 * KiB, {8 * MiB});
  std::vector<piece_index> many;
  for (std::uint32_t i = 0; i < 1000; ++i) many.emplace_back(1000 - i);
  s.transfer.on_urgent(many);
  const auto ann = s.join();
  s.run({ann});
  CHECK(s.transfer.complete());
  s.transfer.on_urgent({piece_index{0}});
  CHECK(s.ask(ann).empty());
}

TEST_CASE("a reader in the middle of a file has what it waits for soon") {
  swarm of(1 * MiB, 256 * MiB, {{.rate = 10e6}, {.rate = 10e6}, {.rate = 10e6}});
  of.run_until(piece_index{10});
  const std::uint32_t wanted = of.decides().verified().test(200) ? 201 : 200;
  of.urge({piece_index{wanted}});
  // What was asked for before comes before it.
  CHECK(of.run_until(piece_index{wanted}) < 0.5);
  of.run();
}

TEST_CASE("a slow source does not keep a reader waiting") {
  swarm of(1 * MiB, 256 * MiB, {{.rate = 10e6}, {.rate = 10e6}, {.rate = 50e3}});
  of.run_until(piece_index{10});
  std::uint32_t at = 100;
  double longest = 0;
  for (int i = 0; i < 40; ++i, ++at) {
    of.urge({piece_index{at}, piece_index{at + 1}});
    longest = std::max(longest, of.run_until(piece_index{at}));
  }
  CHECK(longest < 0.6);
  of.run();
  CHECK(of.total().bytes_duplicate < 256 * MiB / 50);
}

TEST_CASE("a source that falls silent does not keep a reader waiting") {
  const auto begin = swarm::begin();
  swarm of(1 * MiB, 256 * MiB, {{.rate = 10e6}, {.rate = 10e6, .silent = begin + 2s}});
  std::uint32_t at = 0;
  double longest = 0;
  while (at < 250) {
    of.urge({piece_index{at}, piece_index{at + 1}});
    longest = std::max(longest, of.run_until(piece_index{at++}));
  }
  CHECK(longest < 1);
  of.run();
}
