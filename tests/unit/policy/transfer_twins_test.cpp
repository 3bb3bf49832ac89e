// Pieces with the same bytes: one of them is asked for, and the others are copied once it is verified.
#include <catch2/catch.hpp>
#include <set>
#include <vector>

#include "policy/transfer.hpp"
#include "unit/policy/support/transfer_stage.hpp"

using namespace shoal;
using namespace std::chrono_literals;
using fake::stage;

namespace {

// Ten files of one piece and one request. The first eight are equal.
struct equal_files : stage {
  explicit equal_files(std::uint64_t seed = 1)
      : stage(64 * KiB, std::vector<std::uint64_t>(10, 64 * KiB), seed, {0, 0, 0, 0, 0, 0, 0, 0, 1, 2}) {
    transfer.on_twins(equal_pieces(*content.info));
  }

  static bool is_equal(const byte_range& range) { return range.piece.value() < 8; }

  std::vector<byte_range> ask_for_equal(source_id from) {
    std::vector<byte_range> asked = ask(from);
    std::erase_if(asked, [](const byte_range& range) { return !is_equal(range); });
    return asked;
  }

  /// The pieces that are equal to this one.
  bitmap twins_of(piece_index piece) const {
    bitmap bits = only({0, 1, 2, 3, 4, 5, 6, 7});
    bits.reset(piece.value());
    return bits;
  }
};

source_id join_disk(stage& s) {
  const auto disk = s.transfer.on_source(1 * MiB, 32, 1us, s.now);
  s.transfer.on_preferred(disk);
  s.transfer.on_bitmap(disk, s.only({}), s.now);
  s.transfer.on_unchoke(disk, s.now);
  return disk;
}

void offer_twins(stage& s, source_id disk, piece_index verified) {
  for (const piece_index twin : s.transfer.take_twins(verified)) s.transfer.on_have(disk, twin, s.now);
}

}  // namespace

TEST_CASE("of equal pieces one is asked for at a time, by all sources together") {
  equal_files s(GENERATE(1u, 2u, 3u, 4u, 5u));
  const auto ann = s.join();
  const auto bob = s.join();
  std::multiset<piece_index> equal;
  std::multiset<piece_index> others;
  for (const auto id : {ann, bob, ann}) {
    for (const auto& range : s.ask(id)) (s.is_equal(range) ? equal : others).insert(range.piece);
  }
  CHECK(equal.size() == 1);
  CHECK(others.size() == 2);
}

TEST_CASE("without a preferred source equal pieces are asked for one after the other") {
  equal_files s;
  s.run({s.join(), s.join()});
  CHECK(s.transfer.complete());
  CHECK(s.transfer.total().bytes_duplicate == 0);
}

TEST_CASE("equal pieces come from the preferred source once one of them is verified") {
  equal_files s;
  const auto ann = s.join();
  const auto disk = join_disk(s);
  CHECK(s.transfer.has_twins());
  for (auto asked = s.ask(ann); !asked.empty(); asked = s.ask(ann)) {
    for (const auto& range : asked) {
      REQUIRE(s.deliver(ann, range) == transfer::check::verified);
      offer_twins(s, disk, range.piece);
    }
  }
  CHECK_FALSE(s.transfer.has_twins());
  CHECK_FALSE(s.transfer.interesting(ann));
  SECTION("which brings them all") {
    // They do not wait for each other.
    const auto asked = s.ask(disk);
    CHECK(asked.size() > 1);
    for (const auto& range : asked) s.deliver(disk, range);
    s.run({ann, disk});
    CHECK(s.transfer.complete());
    CHECK(s.transfer.stats(ann).bytes_received == 3 * 64 * KiB);
  }
  SECTION("and from others if it gives them up") {
    s.transfer.on_bitmap(disk, s.only({}), s.now);
    CHECK(s.transfer.interesting(ann));
    s.run({ann});
    CHECK(s.transfer.complete());
  }
}

TEST_CASE("a twin is asked for if the piece that it waits for does not come") {
  equal_files s;
  const auto ann = s.join();
  const auto asked = s.ask_for_equal(ann);
  REQUIRE(asked.size() == 1);
  const byte_range range = asked.front();
  const auto bob = s.join(s.twins_of(range.piece));
  CHECK(s.ask(bob).empty());
  SECTION("because its source is gone") {
    s.transfer.on_source_gone(ann, s.now);
  }
  SECTION("because its source chokes") {
    s.transfer.on_choke(ann, false, s.now);
  }
  SECTION("because its source rejects the request") {
    s.transfer.on_reject(ann, range, s.now);
  }
  SECTION("because its source stalls") {
    s.now += 5s;
    s.transfer.on_deadline(s.now);
    REQUIRE(s.transfer.stats(ann).stalled);
  }
  SECTION("because it cannot be stored") {
    REQUIRE(s.transfer.on_piece_begin(ann, range, s.now));
    REQUIRE(s.receive(ann, range) != 0);
    s.transfer.on_piece_end(ann, range, s.now);
    CHECK(s.ask(bob).empty());
    s.transfer.on_store_failed(range.piece, 0, 4, s.now);
  }
  SECTION("because its source lies") {
    REQUIRE(s.deliver(ann, range, true) == transfer::check::failed);
    REQUIRE(s.transfer.next_ban() == ann);
  }
  CHECK(s.transfer.work_freed());
  s.now += 30ms;
  CHECK(s.ask(bob).size() == 1);
}

TEST_CASE("a twin is asked for if nobody is left for the rest of the piece that it waits for") {
  // Two chunks a piece.
  stage s(2 * MiB, {2 * MiB, 2 * MiB}, 1, {0, 0});
  s.transfer.on_twins(equal_pieces(*s.content.info));
  const auto ann = s.join(s.only({0}), 16 * KiB, 1);
  const auto bob = s.join(s.only({1}));
  // The first chunk comes. The second waits for ann in no lane.
  for (std::uint32_t i = 0; i < 1 * MiB / block_bytes; ++i) {
    const auto asked = s.ask(ann);
    REQUIRE(asked.size() == 1);
    REQUIRE(s.ask(bob).empty());
    s.now += 1ms;
    s.deliver(ann, asked.front());
  }
  CHECK(s.ask(bob).empty());
  SECTION("because its source is gone") {
    s.transfer.on_source_gone(ann, s.now);
  }
  SECTION("because its source chokes") {
    s.transfer.on_choke(ann, true, s.now);
  }
  SECTION("because its source does not hold it any more") {
    s.transfer.on_bitmap(ann, s.only({}), s.now);
  }
  s.now += 30ms;
  CHECK_FALSE(s.ask(bob).empty());
}

TEST_CASE("a source that could bring only a twin of what is being stored is not forgotten") {
  equal_files s;
  const auto ann = s.join();
  const auto asked = s.ask_for_equal(ann);
  REQUIRE(asked.size() == 1);
  const auto bob = s.join(s.twins_of(asked.front().piece));
  CHECK(s.ask(bob).empty());
  REQUIRE(s.transfer.on_piece_begin(ann, asked.front(), s.now));
  const block_mask wanted = s.receive(ann, asked.front());
  s.transfer.on_piece_end(ann, asked.front(), s.now);
  s.transfer.on_choke(ann, false, s.now);
  s.now += 3s;
  s.transfer.on_deadline(s.now);
  CHECK_FALSE(s.transfer.next_fault().has_value());
  CHECK(s.store(ann, asked.front(), wanted) == transfer::check::verified);
}

TEST_CASE("what is on its way already holds its twins back when they become known") {
  stage s(64 * KiB, {64 * KiB, 64 * KiB, 64 * KiB}, 1, {0, 0, 0});
  const auto ann = s.join(s.only({1}));
  REQUIRE(s.ask(ann).size() == 1);
  s.transfer.on_twins(equal_pieces(*s.content.info));
  const auto bob = s.join();
  CHECK(s.ask(bob).empty());
}

TEST_CASE("of equal pieces that are here already the missing are named once") {
  const auto content = fake::make_share(64 * KiB, {64 * KiB, 64 * KiB, 64 * KiB}, {0, 0, 0});
  bitmap verified(3);
  verified.set(0);
  verified.set(2);
  transfer resumed(content.info, verified, 1);
  resumed.on_twins(equal_pieces(*content.info));
  CHECK(resumed.take_twins(piece_index{0}) == std::vector{piece_index{1}});
  CHECK(resumed.take_twins(piece_index{2}).empty());
  CHECK_FALSE(resumed.has_twins());
}

TEST_CASE("a preferred source without work counts neither as a source nor as fast") {
  stage s(1 * MiB, std::vector<std::uint64_t>(40, 1 * MiB));
  const auto disk = join_disk(s);
  const auto ann = s.join();
  const auto asked = s.ask(ann);
  REQUIRE_FALSE(asked.empty());
  for (std::uint32_t i = 20; i < 40; ++i) s.transfer.on_have(disk, piece_index{i}, s.now);
  for (auto copied = s.ask(disk); !copied.empty(); copied = s.ask(disk)) {
    for (const auto& range : copied) {
      s.now += 1ms;
      s.deliver(disk, range);
    }
  }
  REQUIRE(s.transfer.stats(disk).rate > 100e6);
  for (const auto& range : asked) {
    s.now += 50ms;
    s.deliver(ann, range);
  }
  REQUIRE(s.transfer.stats(ann).rate > 1e6);
  REQUIRE(s.transfer.stats(ann).rate < 30e6);
  CHECK(s.transfer.explain().sources == 1);
  // All that is left takes longer than one request.
  const auto next = s.ask(ann);
  REQUIRE_FALSE(next.empty());
  CHECK(next.front().bytes > 64 * KiB);
}
