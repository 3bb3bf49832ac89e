#include "policy/first_copies.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

namespace shoal {

namespace {

piece_index p(std::uint32_t index) {
  return piece_index{index};
}

leecher_id come(first_copies& copies, bool hears) {
  leecher_id id;
  while (copies.knows(id)) ++id;
  copies.on_leecher(id, hears);
  return id;
}

std::vector<first_copies::change> changes_of(first_copies& copies) {
  std::vector<first_copies::change> all;
  while (const auto change = copies.next_change()) all.push_back(*change);
  return all;
}

}  // namespace

TEST_CASE("a piece that one leecher was given is declined to others while there are others to give, and only once") {
  first_copies copies(3);
  const auto a = come(copies, true);
  const auto b = come(copies, true);
  CHECK(copies.on_request(a, p(0)));
  CHECK(copies.on_request(a, p(0)));
  CHECK_FALSE(copies.on_request(b, p(0)));
  CHECK(copies.on_request(b, p(0)));
  CHECK(copies.on_request(b, p(1)));
  CHECK(copies.on_request(a, p(2)));
  // Nothing is left that nobody was given.
  CHECK(copies.on_request(b, p(2)));
  copies.check_invariants();
}

TEST_CASE("all are told what is taken, and what is nobody's again because its owner left") {
  first_copies copies(4);
  const auto a = come(copies, true);
  const auto b = come(copies, true);
  CHECK(copies.on_request(a, p(0)));
  CHECK(copies.on_request(a, p(1)));
  auto told = changes_of(copies);
  REQUIRE(told.size() == 2);
  CHECK(told[0].piece == p(0));
  CHECK(told[0].taken);
  CHECK(told[0].owner == a);
  CHECK(copies.taken(b) == std::vector{p(0), p(1)});
  CHECK(copies.taken(a).empty());
  copies.on_have(a, p(0));
  CHECK(copies.taken(b) == std::vector{p(1)});
  CHECK_FALSE(copies.on_request(b, p(0)));
  copies.on_leecher_gone(a);
  told = changes_of(copies);
  REQUIRE(told.size() == 1);
  CHECK(told[0].piece == p(1));
  CHECK_FALSE(told[0].taken);
  CHECK(copies.on_request(b, p(1)));
  // What a held went with it.
  CHECK(copies.on_request(b, p(0)));
  copies.check_invariants();
}

TEST_CASE("a piece of which nothing is sent after all is nobody's again, and others are told") {
  first_copies copies(3);
  const auto a = come(copies, true);
  const auto b = come(copies, true);
  CHECK(copies.on_request(a, p(0)));
  CHECK(copies.on_request(a, p(0)));
  CHECK(copies.on_request(a, p(1)));
  (void)changes_of(copies);
  copies.on_refused(a, p(0));
  CHECK(changes_of(copies).empty());
  copies.on_refused(a, p(0));
  const auto told = changes_of(copies);
  REQUIRE(told.size() == 1);
  CHECK(told[0].piece == p(0));
  CHECK_FALSE(told[0].taken);
  CHECK(copies.taken(b) == std::vector{p(1)});
  copies.check_invariants();
  CHECK(copies.on_request(b, p(0)));
  // What another was given is not touched.
  copies.on_refused(a, p(0));
  CHECK(changes_of(copies).size() == 1);
  CHECK(copies.taken(a) == std::vector{p(0)});
  copies.check_invariants();
}

TEST_CASE("a client that hears no hints is served everything and takes nothing from others") {
  first_copies copies(2);
  const auto ours = come(copies, true);
  const auto foreign = come(copies, false);
  CHECK(copies.on_request(ours, p(0)));
  CHECK(copies.on_request(foreign, p(0)));
  CHECK(copies.on_request(foreign, p(1)));
  CHECK(changes_of(copies).size() == 1);
  CHECK(copies.on_request(ours, p(1)));
}

TEST_CASE("what a leecher was given first counts until another one has it") {
  first_copies copies(4);
  const auto a = come(copies, true);
  const auto b = come(copies, true);
  // The last that was told of it, or what it was before.
  const auto backlog_of = [&](leecher_id whom, std::uint32_t before) {
    while (const auto one = copies.next_backlog()) {
      if (one->leecher == whom) before = one->pieces;
    }
    return before;
  };
  CHECK(copies.on_request(a, p(0)));
  CHECK(copies.on_request(a, p(1)));
  CHECK(copies.on_request(a, p(1)));
  CHECK(backlog_of(a, 0) == 2);
  copies.on_have(a, p(0));
  CHECK(backlog_of(a, 2) == 2);
  copies.on_have(b, p(0));
  CHECK(backlog_of(a, 2) == 1);
  CHECK(copies.on_request(b, p(2)));
  CHECK(backlog_of(b, 0) == 1);
  // All were given to somebody: it makes no difference any more.
  CHECK(copies.on_request(b, p(3)));
  CHECK(backlog_of(a, 1) == 0);
  copies.check_invariants();
  // What the one that leaves was given is nobody's, and what others have counts again.
  copies.on_leecher_gone(b);
  CHECK(backlog_of(a, 0) == 1);
  copies.check_invariants();
}

TEST_CASE("the books stay consistent under any order of events") {
  constexpr std::uint32_t pieces = 40;
  std::mt19937 random(7);
  first_copies copies(pieces);
  constexpr leecher_id nobody{0xffff'ffff};
  std::vector<leecher_id> leechers;
  std::set<std::uint32_t> taken;
  std::size_t taken_most = 0;
  for (int i = 0; i < 5'000; ++i) {
    const auto piece = static_cast<std::uint32_t>(random() % pieces);
    if (leechers.empty() || random() % 20 == 0) leechers.push_back(come(copies, random() % 4 != 0));
    const auto which = random() % leechers.size();
    switch (random() % 8) {
      case 0:
        copies.on_have(leechers[which], p(piece));
        break;
      case 1: {
        bitmap some(pieces);
        for (std::uint32_t k = 0; k < pieces; ++k) {
          if (random() % 16 == 0) some.set(k);
        }
        copies.on_holds(leechers[which], some);
        break;
      }
      case 2:
        copies.on_leecher_gone(leechers[which]);
        leechers.erase(leechers.begin() + static_cast<std::ptrdiff_t>(which));
        break;
      default:
        (void)copies.on_request(leechers[which], p(piece));
        break;
    }
    copies.check_invariants();
    // Who follows the changes knows at least what is taken.
    for (const auto& change : changes_of(copies)) {
      if (change.taken) {
        taken.insert(change.piece.value());
      } else {
        taken.erase(change.piece.value());
      }
    }
    const auto now_taken = copies.taken(nobody);
    for (const auto one : now_taken) CHECK(taken.contains(one.value()));
    taken_most = std::max(taken_most, now_taken.size());
  }
  CHECK(taken_most > pieces / 4);
}

}  // namespace shoal
