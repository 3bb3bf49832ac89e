#include "policy/availability.hpp"

#include <catch2/catch.hpp>
#include <initializer_list>
#include <set>

using namespace shoal;

namespace {

bitmap holding(std::uint32_t size, std::initializer_list<std::uint32_t> pieces) {
  bitmap bits(size);
  for (const auto piece : pieces) bits.set(piece);
  return bits;
}

bitmap everything(std::uint32_t size) {
  bitmap bits(size);
  bits.set_all();
  return bits;
}

}  // namespace

TEST_CASE("availability offers the piece that fewest sources hold") {
  availability pieces(4, 1);
  pieces.on_bitmap(holding(4, {0, 1, 2}));
  pieces.on_bitmap(holding(4, {0, 1}));
  pieces.on_have(piece_index{0});
  CHECK(pieces.count(piece_index{0}) == 3);
  CHECK(pieces.count(piece_index{3}) == 0);
  CHECK(pieces.rarest(holding(4, {0, 1, 2})) == piece_index{2});
  CHECK(pieces.rarest(holding(4, {0, 1})) == piece_index{1});
  CHECK_FALSE(pieces.rarest(holding(4, {})));
  pieces.check_invariants();
}

TEST_CASE("availability does not offer what is not wanted") {
  availability pieces(3, 1);
  pieces.on_bitmap(everything(3));
  pieces.set_wanted(piece_index{0}, false);
  pieces.set_wanted(piece_index{2}, false);
  CHECK(pieces.rarest(everything(3)) == piece_index{1});
  pieces.set_wanted(piece_index{1}, false);
  CHECK_FALSE(pieces.rarest(everything(3)));
  pieces.set_wanted(piece_index{2}, true);
  CHECK(pieces.rarest(everything(3)) == piece_index{2});
  pieces.check_invariants();
}

TEST_CASE("availability forgets a source that is gone") {
  availability pieces(2, 1);
  pieces.on_bitmap(holding(2, {0}));
  pieces.on_bitmap(everything(2));
  CHECK(pieces.rarest(everything(2)) == piece_index{1});
  pieces.on_bitmap_gone(holding(2, {0}));
  pieces.on_bitmap(holding(2, {1}));
  CHECK(pieces.rarest(everything(2)) == piece_index{0});
  pieces.on_bitmap_gone(everything(2));
  CHECK(pieces.count(piece_index{0}) == 0);
  pieces.check_invariants();
}

TEST_CASE("availability finds the rarest for a source that holds little of much") {
  const std::uint32_t size = 5000;
  availability pieces(size, 7);
  bitmap common(size);
  for (std::uint32_t i = 0; i < size; i += 2) common.set(i);
  pieces.on_bitmap(common);
  pieces.on_bitmap(common);
  CHECK(pieces.rarest(holding(size, {4000, 4002})));
  pieces.on_bitmap(holding(size, {17}));
  CHECK(pieces.rarest(holding(size, {4000, 17})) == piece_index{17});
  // Many offered, none of them among the rarest that a search looks at: still one of them.
  const auto found = pieces.rarest(common);
  REQUIRE(found);
  CHECK(common.test(found->value()));
  pieces.check_invariants();
}

TEST_CASE("availability chooses at random among equals, by seed") {
  std::set<std::uint32_t> firsts;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const availability pieces(100, seed);
    const auto found = pieces.rarest(everything(100));
    REQUIRE(found);
    CHECK(found == availability(100, seed).rarest(everything(100)));
    firsts.insert(found->value());
  }
  CHECK(firsts.size() > 15);
}
