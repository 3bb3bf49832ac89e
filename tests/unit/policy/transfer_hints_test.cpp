#include <catch2/catch.hpp>

#include "policy/transfer.hpp"
#include "unit/policy/support/transfer_stage.hpp"

namespace shoal {

using fake::stage;

TEST_CASE("what a source declines goes to where its rarity says, without a pause for the source") {
  stage s(64 * KiB, {64 * KiB, 64 * KiB, 64 * KiB});
  const auto seeder = s.join(std::nullopt, 64 * KiB, 1);
  const auto first = s.ask(seeder);
  REQUIRE(first.size() == 1);
  s.transfer.on_taken(seeder, first[0].piece);
  s.transfer.on_reject(seeder, first[0], s.now);
  const auto second = s.ask(seeder);
  REQUIRE(second.size() == 1);
  CHECK(second[0].piece != first[0].piece);
  s.deliver(seeder, second[0]);
  const auto third = s.ask(seeder);
  REQUIRE(third.size() == 1);
  CHECK(third[0].piece != first[0].piece);
  s.deliver(seeder, third[0]);
  // Nobody else has it, and it is asked for after all.
  CHECK(s.ask(seeder) == first);
  // A second decline is one more than it announced.
  s.transfer.on_reject(seeder, first[0], s.now);
  CHECK(s.ask(seeder).empty());
  CHECK(s.transfer.next_deadline() <= s.now + reject_pause_min);
}

TEST_CASE("a promise counts as one holder until there is one, or it is broken") {
  stage s(64 * KiB, {64 * KiB, 64 * KiB});
  const auto seeder = s.join(std::nullopt, 64 * KiB, 1);
  s.transfer.on_taken(seeder, piece_index{0});
  CHECK(s.ask(seeder)[0].piece == piece_index{1});
  s.transfer.on_reject(seeder, {piece_index{1}, 0, 64 * KiB}, s.now);
  s.transfer.on_returned(seeder, piece_index{0});
  s.transfer.on_taken(seeder, piece_index{1});
  CHECK(s.ask(seeder)[0].piece == piece_index{0});
  const auto holder = s.join(bitmap(2), 64 * KiB, 1);
  s.transfer.on_have(holder, piece_index{1}, s.now);
  CHECK(s.ask(holder)[0].piece == piece_index{1});
  s.transfer.on_taken(seeder, piece_index{7});
  s.transfer.check_invariants();
}

TEST_CASE("telling the same piece again and again does not let a source decline for ever") {
  stage s(64 * KiB, {64 * KiB, 64 * KiB});
  const auto seeder = s.join(std::nullopt, 64 * KiB, 1);
  for (int i = 0; i < 3; ++i) {
    s.transfer.on_taken(seeder, piece_index{0});
    const auto asked = s.ask(seeder);
    REQUIRE(asked.size() == 1);
    s.transfer.on_reject(seeder, asked[0], s.now);
  }
  s.transfer.on_taken(seeder, piece_index{0});
  CHECK(s.ask(seeder).empty());
  CHECK(s.transfer.stats(seeder).rejecting);
}

}  // namespace shoal
