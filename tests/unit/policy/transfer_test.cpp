#include "policy/transfer.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "unit/policy/support/transfer_stage.hpp"

using namespace shoal;
using namespace std::chrono_literals;
using fake::bytes_of;
using fake::overlap;
using fake::overlaps_any;
using fake::stage;

TEST_CASE("a share without pieces is complete at once") {
  stage s(64 * KiB, {0});
  CHECK(s.transfer.complete());
  CHECK(s.transfer.next_deadline() == never);
}

TEST_CASE("one source delivers everything once") {
  stage s(64 * KiB, {1 * MiB + 1, 5, 0, 200 * KiB});
  const auto ann = s.join();
  CHECK(s.transfer.interesting(ann));
  s.run({ann});
  CHECK(s.transfer.complete());
  CHECK(s.transfer.verified_bytes() == s.shape.total_bytes());
  CHECK_FALSE(s.transfer.interesting(ann));
  for (const auto& piece : s.stores) {
    for (const auto& [block, times] : piece) CHECK(times == 1);
  }
  CHECK(s.transfer.total().bytes_duplicate == 0);
}

TEST_CASE("verified pieces are not asked for") {
  const auto content = fake::make_share(64 * KiB, {256 * KiB});
  bitmap verified(4);
  verified.set(0);
  verified.set(2);
  transfer half(content.info, verified, 1);
  CHECK(half.verified_bytes() == 128 * KiB);
  const time_point now{1s};
  const auto ann = half.on_source(1 * MiB, 100, {}, now);
  half.on_bitmap(ann, verified, now);
  half.on_unchoke(ann, now);
  CHECK_FALSE(half.interesting(ann));
  CHECK_FALSE(half.next_request(ann, now));
  half.on_have(ann, piece_index{3}, now);
  CHECK(half.interesting(ann));
  CHECK(half.next_request(ann, now) == byte_range{piece_index{3}, 0, 64 * KiB});
  half.on_have(ann, piece_index{4000000}, now);
  half.check_invariants();
}

TEST_CASE("a choked source is not asked, nor one that holds nothing we want") {
  stage s(64 * KiB, {1 * MiB});
  const auto ann = s.transfer.on_source(1 * MiB, 100, {}, s.now);
  s.transfer.on_bitmap(ann, s.all(), s.now);
  CHECK(s.ask(ann).empty());
  const auto bob = s.join(s.only({}));
  CHECK(s.ask(bob).empty());
  s.transfer.on_unchoke(ann, s.now);
  CHECK_FALSE(s.ask(ann).empty());
}

TEST_CASE("sources get what they hold") {
  stage s(64 * KiB, {512 * KiB});
  const auto ann = s.join(s.only({0, 1, 2, 3}));
  const auto bob = s.join(s.only({4, 5, 6, 7}));
  for (const auto& range : s.ask(ann)) CHECK(range.piece < piece_index{4});
  for (const auto& range : s.ask(bob)) CHECK(range.piece >= piece_index{4});
}

TEST_CASE("the rarest piece goes first") {
  stage s(64 * KiB, {512 * KiB});
  const auto ann = s.join();
  s.join(s.only({0, 1, 2, 3, 4, 6, 7}));
  CHECK(s.transfer.next_request(ann, s.now)->piece == piece_index{5});
}

TEST_CASE("the first window is two chunks in requests of the initial size") {
  stage s(4 * MiB, {64 * MiB});
  const auto ann = s.join();
  const auto ranges = s.ask(ann);
  CHECK(bytes_of(ranges) == 2 * MiB);
  for (const auto& range : ranges) CHECK(range.bytes == request_bytes_initial);
  CHECK(s.transfer.stats(ann).bytes_in_flight == 2 * MiB);
}

TEST_CASE("a source is asked for no more requests and bytes at once than it serves") {
  stage s(4 * MiB, {64 * MiB});
  const auto small = s.join(std::nullopt, 16 * KiB, 5);
  const auto ranges = s.ask(small);
  CHECK(ranges.size() == 5);
  for (const auto& range : ranges) CHECK(range.bytes == 16 * KiB);
  s.deliver(small, ranges[0]);
  CHECK(s.ask(small).size() == 1);
}

TEST_CASE("the window of a fast source opens within a few round trips") {
  stage s(4 * MiB, {512 * MiB});
  const auto ann = s.join();
  auto asked = s.ask(ann);
  // 500 MB/s: a MiB takes about 2 ms.
  const time_point begin = s.now;
  while (s.now < begin + 60ms) {
    const auto range = asked.front();
    asked.erase(asked.begin());
    s.now += std::chrono::microseconds(range.bytes / 500);
    s.deliver(ann, range);
    for (const auto& more : s.ask(ann)) asked.push_back(more);
  }
  CHECK(s.transfer.stats(ann).bytes_in_flight >= 8 * MiB);
  CHECK(s.transfer.stats(ann).bytes_in_flight <= window_bytes_max);
  CHECK(asked.back().bytes == 1 * MiB);
  CHECK(s.transfer.stats(ann).rate == Approx(500e6).epsilon(0.1));
}

TEST_CASE("a slow source is asked in small requests and for little at once") {
  stage s(4 * MiB, {64 * MiB});
  const auto ann = s.join();
  auto asked = s.ask(ann);
  while (s.now < time_point{60s}) {
    const auto range = asked.front();
    asked.erase(asked.begin());
    REQUIRE(s.transfer.on_piece_begin(ann, range, s.now));
    for (std::uint32_t at = 0; at < range.bytes; at += block_bytes) {
      s.now += 160ms;  // 100 KiB/s
      const byte_range part{range.piece, range.begin + at, block_bytes};
      s.store(ann, part, s.receive(ann, part));
    }
    s.transfer.on_piece_end(ann, range, s.now);
    for (const auto& more : s.ask(ann)) asked.push_back(more);
  }
  CHECK(asked.back().bytes == 32 * KiB);
  CHECK(s.transfer.stats(ann).bytes_in_flight <= 64 * KiB);
  CHECK(s.transfer.stats(ann).bytes_in_flight >= 32 * KiB);
  CHECK(s.transfer.stats(ann).rate == Approx(102400).epsilon(0.05));
}

// Failure of sources.

TEST_CASE("what a dead source did not deliver goes to another at once; what it delivered stays") {
  stage s(1 * MiB, {1 * MiB});
  const auto ann = s.join();
  const auto bob = s.join(s.only({}));
  const auto asked = s.ask(ann);
  REQUIRE(asked.size() == 1 * MiB / request_bytes_initial);
  s.deliver(ann, asked[0]);
  REQUIRE(s.transfer.on_piece_begin(ann, asked[1], s.now));
  const byte_range arrived{asked[1].piece, asked[1].begin, 2 * block_bytes};
  s.store(ann, arrived, s.receive(ann, arrived));
  s.transfer.work_freed();
  s.transfer.on_source_gone(ann, s.now);
  CHECK(s.transfer.work_freed());
  CHECK_FALSE(s.transfer.work_freed());
  CHECK(s.transfer.total().chunks_requeued == 1);
  s.transfer.on_bitmap(bob, s.all(), s.now);
  const auto rest = s.ask(bob);
  CHECK(bytes_of(rest) == 1 * MiB - asked[0].bytes - 2 * block_bytes);
  for (const auto& range : rest) {
    CHECK_FALSE(overlap(range, asked[0]));
    CHECK_FALSE(overlap(range, arrived));
    s.deliver(bob, range);
  }
  CHECK(s.transfer.complete());
}

TEST_CASE("the chunks of a source that falls silent are with others within two seconds") {
  stage s(1 * MiB, {2 * MiB});
  const auto ann = s.join();
  const auto lost = s.ask(ann);
  REQUIRE(bytes_of(lost) == 2 * MiB);
  const time_point begin = s.now;
  while (!s.transfer.stats(ann).stalled) s.sleep_until_deadline(10s);
  CHECK(s.now - begin >= stall_deadline_min);
  CHECK(s.now - begin < 2s);
  CHECK(s.transfer.work_freed());
  CHECK(s.ask(ann).empty());
  CHECK(s.transfer.stats(ann).bytes_in_flight == 0);
  const auto bob = s.join();
  CHECK(bytes_of(s.ask(bob)) == 2 * MiB);
}

TEST_CASE("a source that sends something in time is not stalled, however slow") {
  stage s(1 * MiB, {2 * MiB});
  const auto ann = s.join();
  const auto asked = s.ask(ann);
  REQUIRE(s.transfer.on_piece_begin(ann, asked[0], s.now));
  for (int i = 0; i < 20; ++i) {
    s.now += 900ms;
    s.transfer.on_deadline(s.now);
    s.transfer.on_bytes(ann, 100, s.now);
    CHECK_FALSE(s.transfer.stats(ann).stalled);
  }
}

TEST_CASE("data that comes late is taken if it is still missing") {
  stage s(1 * MiB, {2 * MiB});
  const auto ann = s.join();
  const auto late = s.ask(ann);
  s.now += 1500ms;
  s.transfer.on_deadline(s.now);
  REQUIRE(s.transfer.stats(ann).stalled);
  const auto bob = s.join();
  const auto taken = s.ask(bob);
  REQUIRE(std::set(taken.begin(), taken.end()) == std::set(late.begin(), late.end()));
  s.deliver(bob, late[0]);
  s.deliver(ann, late[0]);
  CHECK(s.transfer.total().bytes_duplicate == late[0].bytes);
  CHECK_FALSE(s.transfer.stats(ann).stalled);
  s.deliver(ann, late[1]);
  CHECK(s.transfer.total().bytes_duplicate == late[0].bytes);
  CHECK(s.cancels(bob) == std::vector{late[1]});
  CHECK_FALSE(s.transfer.on_piece_begin(ann, late[1], s.now));
}

TEST_CASE("a source that comes back starts with the smallest window and is told to leave what it was asked for") {
  stage s(1 * MiB, {64 * MiB});
  const auto ann = s.join();
  auto asked = s.ask(ann);
  for (int i = 0; i < 40; ++i) {
    s.now += 2ms;
    s.deliver(ann, asked.front());
    asked.erase(asked.begin());
    for (const auto& more : s.ask(ann)) asked.push_back(more);
  }
  REQUIRE(s.transfer.stats(ann).bytes_in_flight > 4 * MiB);
  s.now += 2s;
  s.transfer.on_deadline(s.now);
  REQUIRE(s.transfer.stats(ann).stalled);
  const bool about_to_be_probed = GENERATE(false, true);
  if (about_to_be_probed) {
    s.now += probe_interval;
    s.transfer.on_deadline(s.now);
    REQUIRE_FALSE(s.transfer.stats(ann).stalled);
  }
  const auto bob = s.join();
  const auto taken = s.ask(bob);
  for (const auto& range : taken) s.deliver(bob, range);
  const auto alive =
      std::find_if(asked.begin(), asked.end(), [&](const byte_range& range) { return !overlaps_any(range, taken); });
  REQUIRE(alive != asked.end());
  s.deliver(ann, *alive);
  CHECK_FALSE(s.transfer.stats(ann).stalled);
  asked.erase(alive);
  CHECK(s.cancels(ann) == asked);
  const auto again = s.ask(ann);
  CHECK_FALSE(again.empty());
  CHECK(bytes_of(again) <= 2 * MiB);
}

TEST_CASE("deadlines stand still while nobody reads") {
  stage s(1 * MiB, {2 * MiB});
  const auto ann = s.join();
  s.ask(ann);
  s.transfer.on_reading_paused(s.now);
  s.now += 5s;
  s.transfer.on_deadline(s.now);
  s.transfer.on_reading_resumed(s.now);
  s.now += 500ms;
  s.transfer.on_deadline(s.now);
  CHECK_FALSE(s.transfer.stats(ann).stalled);
  s.now += 600ms;
  s.transfer.on_deadline(s.now);
  CHECK(s.transfer.stats(ann).stalled);
}

TEST_CASE("a choke without BEP 6 loses the requests, with it they are still answered") {
  stage s(1 * MiB, {2 * MiB});
  const bool fast = GENERATE(false, true);
  const auto ann = s.join();
  const auto bob = s.join(s.only({}));
  const auto asked = s.ask(ann);
  s.transfer.on_choke(ann, fast, s.now);
  CHECK(s.ask(ann).empty());
  s.transfer.on_bitmap(bob, s.all(), s.now);
  if (fast) {
    CHECK(s.transfer.stats(ann).bytes_in_flight == bytes_of(asked));
    for (const auto& range : asked) s.transfer.on_reject(ann, range, s.now);
    CHECK(s.transfer.stats(ann).bytes_in_flight == 0);
    for (const auto& range : asked) CHECK_FALSE(s.transfer.on_piece_begin(ann, range, s.now));
  } else {
    CHECK(s.transfer.stats(ann).bytes_in_flight == 0);
    // Was on its way when the source choked us.
    s.deliver(ann, asked[0]);
    CHECK(s.transfer.total().bytes_duplicate == 0);
  }
  s.run({bob});
  CHECK(s.transfer.complete());
  s.transfer.on_unchoke(ann, s.now);
}

TEST_CASE("a source that rejects without a choke is asked again after a pause, not in a circle") {
  stage s(1 * MiB, {1 * MiB});
  const auto ann = s.join();
  int rejects = 0;
  const time_point begin = s.now;
  while (s.now < begin + 20s) {
    for (const auto& range : s.ask(ann)) {
      s.transfer.on_reject(ann, range, s.now);
      ++rejects;
    }
    s.sleep_until_deadline(1s);
  }
  CHECK(rejects > 8);
  CHECK(rejects < 200);
  s.now += 10s;
  s.transfer.on_deadline(s.now);
  s.run({ann});
  CHECK(s.transfer.complete());
}

TEST_CASE("answers to what was never asked, or twice, are refused") {
  stage s(1 * MiB, {4 * MiB});
  const auto ann = s.join();
  const auto asked = s.ask(ann);
  CHECK_FALSE(s.transfer.on_piece_begin(ann, {piece_index{3}, 0, 12345}, s.now));
  CHECK_FALSE(s.transfer.on_piece_begin(ann, {piece_index{4000000000}, 7, 1}, s.now));
  CHECK(s.transfer.on_blocks(ann, asked[0], s.now) == 0);
  s.transfer.on_reject(ann, {piece_index{4000000000}, 7, 1}, s.now);
  s.deliver(ann, asked[0]);
  CHECK_FALSE(s.transfer.on_piece_begin(ann, asked[0], s.now));
}

TEST_CASE("blocks whose write failed are wanted again") {
  stage s(64 * KiB, {64 * KiB});
  const auto ann = s.join();
  const auto range = s.ask(ann).front();
  REQUIRE(s.transfer.on_piece_begin(ann, range, s.now));
  CHECK(s.receive(ann, range) == 0b1111);
  s.transfer.on_piece_end(ann, range, s.now);
  s.store(ann, {range.piece, 0, block_bytes}, 1);
  s.transfer.work_freed();
  s.transfer.on_store_failed(range.piece, 1, 3, s.now);
  CHECK(s.transfer.work_freed());
  const auto again = s.ask(ann);
  REQUIRE(again.size() == 1);
  CHECK(again[0] == byte_range{range.piece, block_bytes, 3 * block_bytes});
  CHECK(s.deliver(ann, again[0]) == transfer::check::verified);
}

// Lies.

TEST_CASE("a liar that sent a whole piece is banned and the piece is fetched from others") {
  stage s(64 * KiB, {64 * KiB});
  const auto liar = s.join();
  CHECK(s.deliver(liar, s.ask(liar).front(), true) == transfer::check::failed);
  CHECK(s.transfer.next_ban() == liar);
  CHECK(s.transfer.lied_about(liar).has_value());
  CHECK_FALSE(s.transfer.next_ban());
  CHECK_FALSE(s.transfer.next_leaf_query(s.now));
  CHECK(s.ask(liar).empty());
  CHECK(s.transfer.total().bytes_failed == 64 * KiB);
  const auto ann = s.join();
  s.run({ann});
  CHECK(s.transfer.complete());
}

namespace {

/// A piece of which `honest` sent the first half and `liar` the second, all wrong.
struct disputed_piece {
  stage s{128 * KiB, {128 * KiB}};
  source_id honest = s.join(std::nullopt, 64 * KiB, 1);
  source_id liar = s.join(std::nullopt, 64 * KiB, 1);

  disputed_piece() {
    const auto good = s.ask(honest);
    // Late enough to be relieved of what waits.
    s.now += 60ms;
    const auto bad = s.ask(liar);
    REQUIRE(good.size() == 1);
    REQUIRE(bad.size() == 1);
    CHECK(s.deliver(honest, good[0]) == transfer::check::partial);
    CHECK(s.deliver(liar, bad[0], true) == transfer::check::failed);
    CHECK_FALSE(s.transfer.next_ban());
    CHECK(s.transfer.next_leaf_query(s.now) == transfer::leaf_query{honest, piece_index{0}});
    CHECK_FALSE(s.transfer.next_leaf_query(s.now));
    CHECK(s.ask(honest).empty());
  }

  void nobody_tells() {
    s.transfer.on_leaves_refused(piece_index{0}, honest, s.now);
    while (const auto query = s.transfer.next_leaf_query(s.now)) {
      s.transfer.on_leaves_refused(query->piece, query->source, s.now);
    }
  }
};

}  // namespace

TEST_CASE("leaf hashes name the liar and the good blocks are kept") {
  disputed_piece d;
  d.s.transfer.on_leaves(piece_index{0}, d.s.content.leaves[0], d.s.now);
  CHECK(d.s.transfer.next_ban() == d.liar);
  CHECK_FALSE(d.s.transfer.next_ban());
  CHECK(d.s.transfer.total().bytes_failed == 64 * KiB);
  const auto again = d.s.ask(d.honest);
  REQUIRE(again.size() == 1);
  CHECK(again[0].bytes == 64 * KiB);
  // The right leaves are known now: the next lie is found block by block.
  const auto worse = d.s.join(std::nullopt, 16 * KiB, 1);
  CHECK(d.s.ask(d.liar).empty());
  d.s.transfer.on_source_gone(d.honest, d.s.now);
  CHECK(d.s.deliver(worse, d.s.ask(worse).front(), true) == transfer::check::failed);
  CHECK(d.s.transfer.next_ban() == worse);
  const auto cat = d.s.join();
  d.s.run({cat});
  CHECK(d.s.transfer.complete());
}

TEST_CASE("without leaf hashes the piece comes again from one new source, which proves who lied") {
  disputed_piece d;
  const auto cat = d.s.join(std::nullopt, 64 * KiB, 1);
  d.nobody_tells();
  CHECK_FALSE(d.s.transfer.next_ban());
  CHECK(d.s.ask(d.honest).empty());
  CHECK(d.s.ask(d.liar).empty());
  const auto first = d.s.ask(cat);
  REQUIRE(first.size() == 1);
  CHECK(d.s.ask(d.honest).empty());
  d.s.deliver(cat, first[0]);
  CHECK(d.s.deliver(cat, d.s.ask(cat).at(0)) == transfer::check::verified);
  CHECK(d.s.transfer.next_ban() == d.liar);
  CHECK_FALSE(d.s.transfer.next_ban());
  CHECK(d.s.transfer.complete());
}

TEST_CASE("without leaf hashes and new sources the suspects deliver alone, one after the other") {
  disputed_piece d;
  d.nobody_tells();
  const auto asked = d.s.ask(d.liar);
  REQUIRE(asked.size() == 1);
  CHECK(d.s.ask(d.honest).empty());
  d.s.deliver(d.liar, asked[0], true);
  CHECK(d.s.deliver(d.liar, d.s.ask(d.liar).at(0), true) == transfer::check::failed);
  CHECK(d.s.transfer.next_ban() == d.liar);
  d.s.run({d.honest});
  CHECK(d.s.transfer.complete());
}

TEST_CASE("if the only source of a piece falls silent another begins it anew") {
  disputed_piece d;
  const auto cat = d.s.join(std::nullopt, 64 * KiB, 1);
  d.nobody_tells();
  d.s.deliver(cat, d.s.ask(cat).at(0));
  const auto late = d.s.ask(cat).at(0);
  d.s.now += 1500ms;
  d.s.transfer.on_deadline(d.s.now);
  REQUIRE(d.s.transfer.stats(cat).stalled);
  const auto asked = d.s.ask(d.honest);
  REQUIRE(asked.size() == 1);
  // What the first one sends late would mix two sources.
  d.s.deliver(cat, late);
  CHECK(d.s.stores[0][late.begin / block_bytes] == 1);
  CHECK(d.s.deliver(d.honest, asked[0]) == transfer::check::partial);
  CHECK(d.s.deliver(d.honest, d.s.ask(d.honest).at(0)) == transfer::check::verified);
  CHECK(d.s.transfer.next_ban() == d.liar);
}

TEST_CASE("a liar that is gone is still named") {
  disputed_piece d;
  d.s.transfer.on_source_gone(d.liar, d.s.now);
  d.s.transfer.on_leaves(piece_index{0}, d.s.content.leaves[0], d.s.now);
  CHECK(d.s.transfer.next_ban() == d.liar);
  d.s.run({d.honest});
  CHECK(d.s.transfer.complete());
}
