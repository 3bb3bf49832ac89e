#include "policy/serving.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <vector>

namespace shoal {

namespace {

using kind = serving::order::kind;

struct fixture {
  static constexpr std::uint32_t pieces = 8;
  static constexpr std::uint32_t piece_bytes = 16 * block_bytes;
  const std::array<std::uint64_t, 1> sizes{std::uint64_t{pieces} * piece_bytes};
  const geometry shape{piece_bytes, sizes};
  serving crowd{shape};
  time_point now{};

  std::vector<serving::order> orders() {
    std::vector<serving::order> all;
    while (const auto order = crowd.next_order(now)) all.push_back(*order);
    crowd.check_invariants();
    return all;
  }
  leecher_id come() {
    const leecher_id id = crowd.on_leecher(std::chrono::milliseconds(1), now);
    crowd.on_holds(id, bitmap(pieces), true);
    crowd.on_interested(id, true, now);
    return id;
  }
  static byte_range block(std::uint32_t piece) { return {piece_index{piece}, 0, block_bytes}; }
  static bool says(const std::vector<serving::order>& all, kind what, leecher_id who) {
    return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.what == what && one.leecher == who; });
  }
};

}  // namespace

TEST_CASE_METHOD(fixture, "those who are served hear what one was given, and who waits when its turn comes",
                 "[serving]") {
  crowd.on_seeding(now);
  std::vector<leecher_id> served;
  for (std::size_t i = 0; i < upload_places_usual; ++i) served.push_back(come());
  const leecher_id late = come();
  CHECK_FALSE(says(orders(), kind::unchoke, late));
  REQUIRE(crowd.on_request(served[0], block(5), now));
  auto all = orders();
  CHECK(all.size() == served.size() - 1);
  for (std::size_t i = 1; i < served.size(); ++i) CHECK(says(all, kind::taken, served[i]));
  // The others ask for nothing, and give way.
  now += std::chrono::milliseconds(100);
  crowd.on_deadline(now);
  all = orders();
  const auto turn = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.what == kind::unchoke; });
  REQUIRE(turn != all.end());
  CHECK(turn->leecher == late);
  REQUIRE(turn != all.begin());
  CHECK(std::prev(turn)->what == kind::taken);
  CHECK(std::prev(turn)->leecher == late);
  CHECK(std::prev(turn)->piece == piece_index{5});
}

TEST_CASE_METHOD(fixture, "what belonged to one that left is nobody's before others have their turn", "[serving]") {
  crowd.on_seeding(now);
  std::vector<leecher_id> served;
  for (std::size_t i = 0; i < upload_places_usual; ++i) served.push_back(come());
  const leecher_id late = come();
  (void)orders();
  REQUIRE(crowd.on_request(served[0], block(3), now));
  (void)orders();
  crowd.on_leecher_gone(served[0], now);
  const auto all = orders();
  CHECK(says(all, kind::returned, served[1]));
  CHECK(says(all, kind::unchoke, late));
  CHECK_FALSE(says(all, kind::taken, late));
  CHECK(crowd.on_request(late, block(3), now));
}

TEST_CASE_METHOD(fixture, "one that holds a part serves whoever has a turn, and gives no hints", "[serving]") {
  const leecher_id first = come();
  CHECK(says(orders(), kind::unchoke, first));
  CHECK(crowd.on_request(first, block(1), now));
  CHECK(crowd.on_request(first, block(1), now));
  const byte_range given_up = block(1);
  crowd.on_refused(first, {&given_up, 1}, now);
  CHECK(orders().empty());
}

TEST_CASE_METHOD(fixture, "who is choked is refused", "[serving]") {
  (void)crowd.on_leecher(std::chrono::milliseconds(1), now);
  std::vector<leecher_id> others;
  for (int i = 0; i < 100; ++i) others.push_back(come());
  const auto all = orders();
  const auto late =
      std::find_if(others.begin(), others.end(), [&](leecher_id one) { return !says(all, kind::unchoke, one); });
  REQUIRE(late != others.end());
  CHECK_FALSE(crowd.on_request(*late, block(0), now));
}

}  // namespace shoal
