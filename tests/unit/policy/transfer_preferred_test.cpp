// A source that is asked first: what it holds is asked of nobody else as long as it can be asked.
#include <catch2/catch.hpp>

#include "policy/transfer.hpp"
#include "unit/policy/support/transfer_stage.hpp"

using namespace shoal;
using namespace std::chrono_literals;
using fake::stage;

namespace {

source_id join_preferred(stage& s, const bitmap& pieces) {
  const auto disk = s.transfer.on_source(1 * MiB, 32, 1us, s.now);
  s.transfer.on_preferred(disk);
  s.transfer.on_bitmap(disk, pieces, s.now);
  s.transfer.on_unchoke(disk, s.now);
  return disk;
}

}  // namespace

TEST_CASE("what a preferred source holds is asked of it alone") {
  stage s(64 * KiB, {1 * MiB});
  const bool first = GENERATE(true, false);
  source_id ann;
  source_id disk;
  if (first) {
    disk = join_preferred(s, s.only({0, 1, 2, 3}));
    ann = s.join();
  } else {
    ann = s.join();
    disk = join_preferred(s, s.only({0, 1, 2, 3}));
  }
  for (const auto& range : s.ask(ann)) CHECK(range.piece >= piece_index{4});
  for (const auto& range : s.ask(disk)) CHECK(range.piece < piece_index{4});
}

TEST_CASE("a peer is of no interest while a preferred source brings everything") {
  stage s(64 * KiB, {1 * MiB});
  const auto disk = join_preferred(s, s.all());
  const auto ann = s.join();
  CHECK_FALSE(s.transfer.interesting(ann));
  s.run({ann, disk});
  CHECK(s.transfer.complete());
  CHECK(s.transfer.stats(ann).bytes_received == 0);
}

TEST_CASE("others bring what a preferred source does not") {
  stage s(64 * KiB, {512 * KiB});
  const auto disk = join_preferred(s, s.all());
  const auto ann = s.join(s.only({}));
  for (std::uint32_t i = 0; i < 8; ++i) s.transfer.on_have(ann, piece_index{i}, s.now);
  const auto asked = s.ask(disk);
  REQUIRE_FALSE(asked.empty());
  CHECK_FALSE(s.transfer.interesting(ann));
  SECTION("because it is gone") {
    s.transfer.on_source_gone(disk, s.now);
  }
  SECTION("because it holds less, and answers without bytes") {
    s.transfer.on_bitmap(disk, s.only({}), s.now);
    for (const auto& range : asked) {
      REQUIRE(s.transfer.on_piece_begin(disk, range, s.now));
      s.transfer.on_piece_end(disk, range, s.now);
    }
  }
  SECTION("because it stalls") {
    s.now += 2s;
    s.transfer.on_deadline(s.now);
    REQUIRE(s.transfer.stats(disk).stalled);
  }
  CHECK(s.transfer.interesting(ann));
  s.run({ann});
  CHECK(s.transfer.complete());
}

TEST_CASE("a preferred source that went on is preferred again") {
  stage s(64 * KiB, {1 * MiB});
  const auto disk = join_preferred(s, s.all());
  const auto ann = s.join();
  const auto asked = s.ask(disk);
  REQUIRE_FALSE(asked.empty());
  s.now += 2s;
  s.transfer.on_deadline(s.now);
  CHECK(s.transfer.interesting(ann));
  s.deliver(disk, asked.front());
  CHECK_FALSE(s.transfer.interesting(ann));
}

TEST_CASE("a preferred source that lies is left to others") {
  stage s(64 * KiB, {256 * KiB});
  const auto disk = join_preferred(s, s.all());
  const auto ann = s.join();
  for (const auto& range : s.ask(disk)) s.deliver(disk, range, true);
  CHECK(s.transfer.next_ban() == disk);
  CHECK(s.transfer.lied_about(disk).has_value());
  CHECK(s.transfer.interesting(ann));
  s.transfer.on_source_gone(disk, s.now);
  s.run({ann});
  CHECK(s.transfer.complete());
}
