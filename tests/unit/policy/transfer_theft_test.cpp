// Who takes what from whom in a whole transfer, with sources that answer as a test says.
#include "policy/transfer.hpp"

#include <catch2/catch.hpp>

#include "unit/policy/support/transfer_stage.hpp"

using namespace shoal;
using namespace std::chrono_literals;
using fake::bytes_of;
using fake::overlaps_any;
using fake::stage;

TEST_CASE("an idle source takes what waits in another's lane") {
  stage s(1 * MiB, {1 * MiB});
  const auto ann = s.join(std::nullopt, 1 * MiB, 3);
  const auto bob = s.join();
  CHECK(bytes_of(s.ask(ann)) == 3 * request_bytes_initial);  // and the rest of the chunk waits
  s.now += 60ms;
  CHECK(bytes_of(s.ask(bob)) >= 1 * MiB - 3 * request_bytes_initial);
  CHECK(s.transfer.total().chunks_stolen >= 1);
}

TEST_CASE("a slow source is relieved of what it has in flight") {
  stage s(1 * MiB, {3 * MiB});
  const auto slow = s.join(std::nullopt, 16 * KiB);
  auto slow_asked = s.ask(slow);
  const auto fast = s.join();
  // The slow one delivers a block per 100 ms, the fast one 10 MB/s.
  for (int i = 0; i < 3; ++i) {
    s.now += 100ms;
    s.deliver(slow, slow_asked[static_cast<std::size_t>(i)]);
  }
  auto fast_asked = s.ask(fast);
  for (int i = 0; i < 3; ++i) {
    s.now += 25ms;
    s.deliver(fast, fast_asked[static_cast<std::size_t>(i)]);
  }
  fast_asked.erase(fast_asked.begin(), fast_asked.begin() + 3);
  const auto stolen_before = s.transfer.total().chunks_stolen;
  for (int i = 0; i < 300 && !s.transfer.complete(); ++i) {
    for (const auto& range : s.ask(fast)) fast_asked.push_back(range);
    for (const auto& range : s.cancels(slow)) {
      CHECK(std::erase(slow_asked, range) == 1);
      s.transfer.on_reject(slow, range, s.now);
    }
    s.now += 25ms;
    if (fast_asked.empty()) continue;
    s.deliver(fast, fast_asked.front());
    fast_asked.erase(fast_asked.begin());
  }
  CHECK(s.transfer.total().chunks_stolen > stolen_before);
  CHECK(s.transfer.complete());
}

TEST_CASE("an idle source that nobody pumped is found, named and asked") {
  stage s(1 * MiB, {4 * MiB});
  const auto ann = s.join();
  const auto bob = s.join();
  for (const auto& range : s.ask(ann)) s.deliver(ann, range);
  s.ask(bob);
  s.transfer.on_source_gone(bob, s.now);
  REQUIRE(s.transfer.work_freed());
  // The driver does not listen.
  s.now += neglect_max + 1s;
  s.transfer.on_deadline(s.now);
  const auto fault = s.transfer.next_fault();
  REQUIRE(fault);
  CHECK(fault->source == ann);
  CHECK_FALSE(s.transfer.next_fault());
  CHECK(s.transfer.work_freed());
  s.run({ann});
  CHECK(s.transfer.complete());
}

TEST_CASE("an idle source that leaves late blocks to others while there is much else to come is not forgotten") {
  stage s(64 * KiB, {256 * MiB});
  const auto ann = s.join(std::nullopt, 64 * KiB, 1);
  const auto deliver = [&](source_id id) {
    const auto asked = s.ask(id);
    REQUIRE(asked.size() == 1);
    s.now += 20ms;
    s.deliver(id, asked[0]);
  };
  for (int i = 0; i < 20; ++i) deliver(ann);
  const auto late = s.ask(ann);
  REQUIRE(late.size() == 1);
  REQUIRE(s.transfer.on_piece_begin(ann, late[0], s.now));
  // Bob has nothing else than what Ann was asked for.
  const auto bob = s.join(s.only({}), 64 * KiB, 1);
  for (std::uint32_t piece = 0, brought = 0; brought < 5; ++piece) {
    if (s.transfer.verified().test(piece) || piece == late[0].piece.value()) continue;
    s.transfer.on_have(bob, piece_index{piece}, s.now);
    deliver(bob);
    ++brought;
  }
  s.transfer.on_have(bob, late[0].piece, s.now);
  for (int i = 0; i < 40; ++i) {
    s.now += 100ms;
    s.transfer.on_bytes(ann, 1, s.now);
    s.transfer.on_deadline(s.now);
    s.ask(bob);
    CHECK_FALSE(s.transfer.next_fault());
  }
}

TEST_CASE("what a silent source has begun to send is asked of another, too, and written once") {
  stage s(64 * KiB, {64 * KiB});
  const auto ann = s.join();
  const auto first = s.ask(ann);
  REQUIRE(first.size() == 1);
  REQUIRE(s.transfer.on_piece_begin(ann, first[0], s.now));
  const auto bob = s.join();
  s.now += 500ms;
  const auto second = s.ask(bob);
  REQUIRE(second.size() == 1);
  CHECK(second == first);
  s.deliver(bob, second[0]);
  CHECK(s.transfer.complete());
  CHECK(s.cancels(ann).empty());
  CHECK(s.receive(ann, first[0]) == 0);
  s.transfer.on_piece_end(ann, first[0], s.now);
  CHECK(s.transfer.total().bytes_duplicate == first[0].bytes);
  for (const auto& [block, times] : s.stores[0]) CHECK(times == 1);
}

TEST_CASE("a source that was relieved does not take it back from one that is faster by now") {
  stage s(64 * KiB, {7 * 64 * KiB});
  const auto late = s.join(std::nullopt, 16 * KiB);
  const auto late_asked = s.ask(late);
  REQUIRE(late_asked.size() == 8);
  const auto steady = s.join(std::nullopt, 64 * KiB, 3);
  std::vector<byte_range> steady_asked = s.ask(steady);
  // One delivers 64 KiB in 200 ms. The other seems to be slower, and then to be much faster.
  for (int i = 0; i < 4; ++i) {
    s.now += 200ms;
    s.deliver(steady, steady_asked[static_cast<std::size_t>(i)]);
    for (const auto& range : s.ask(steady)) steady_asked.push_back(range);
  }
  s.now += 2ms;
  s.deliver(late, late_asked[0]);
  s.now += 6ms;
  s.deliver(late, late_asked[1]);
  for (int i = 0; i < 4; ++i) {
    s.ask(late);
    s.ask(steady);
  }
  CHECK(s.transfer.total().chunks_stolen < 40);
}

TEST_CASE("a source without work is looked at again soon") {
  stage s(64 * KiB, {64 * KiB});
  const auto ann = s.join();
  REQUIRE_FALSE(s.ask(ann).empty());
  const auto bob = s.join();
  REQUIRE(s.ask(bob).empty());
  s.transfer.work_freed();
  CHECK(s.transfer.next_deadline() == s.now + idle_check_interval);
  s.sleep_until_deadline(1s);
  CHECK(s.transfer.work_freed());
}

TEST_CASE("while chunks are queued nothing is asked for twice") {
  stage s(1 * MiB, {64 * MiB});
  const auto ann = s.join();
  const auto bob = s.join();
  const auto asked = s.ask(ann);
  for (const auto& range : s.ask(bob)) CHECK_FALSE(overlaps_any(range, asked));
}

TEST_CASE("who rejected once still relieves a source that drips, and at once takes nothing from anybody") {
  stage s(1 * MiB, {1 * MiB});
  const auto ann = s.join();
  const auto first = s.ask(ann);
  REQUIRE_FALSE(first.empty());
  for (const auto& range : first) s.transfer.on_reject(ann, range, s.now);
  const auto slow = s.join();
  auto asked = s.ask(slow);
  REQUIRE_FALSE(asked.empty());
  REQUIRE(s.transfer.on_piece_begin(slow, asked[0], s.now));
  std::vector<byte_range> relieved;
  for (int i = 0; i < 60 && relieved.empty(); ++i) {
    s.now += 100ms;
    s.transfer.on_bytes(slow, 1, s.now);
    s.transfer.on_deadline(s.now);
    relieved = s.ask(ann);
    CHECK_FALSE(s.transfer.next_fault());
  }
  REQUIRE_FALSE(relieved.empty());
  CHECK(s.cancels(slow).empty());
  while (!s.transfer.complete()) {
    for (const auto& range : relieved) s.deliver(ann, range);
    s.now += 100ms;
    s.transfer.on_bytes(slow, 1, s.now);
    s.transfer.on_deadline(s.now);
    relieved = s.ask(ann);
    REQUIRE(s.now < time_point{60s});
  }
}
