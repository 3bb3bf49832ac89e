#include "policy/leaf_inquiry.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

constexpr piece_index piece{7};
constexpr source_id a{0}, b{1};

}  // namespace

TEST_CASE("the next source is asked when one refuses, leaves or takes too long, and once", "[leaf_inquiry]") {
  time_point now{std::chrono::seconds(1)};
  leaf_inquiry inquiry;
  inquiry.on_failed(piece);
  REQUIRE(inquiry.next_piece() == piece);
  CHECK_FALSE(inquiry.next_piece());
  inquiry.on_asked(piece, a, now);
  CHECK(inquiry.next_deadline() == now + leaf_answer_max);
  CHECK_FALSE(inquiry.may_ask(piece, a));
  CHECK(inquiry.may_ask(piece, b));
  SECTION("a refusal of somebody else counts for nothing") {
    inquiry.on_refused(piece, b);
    CHECK_FALSE(inquiry.next_piece());
  }
  SECTION("refused, and gone") {
    inquiry.on_refused(piece, a);
    inquiry.on_source_gone(a);
    CHECK(inquiry.next_piece() == piece);
    CHECK_FALSE(inquiry.next_piece());
  }
  SECTION("late, and its answer still counts") {
    now += leaf_answer_max;
    inquiry.on_deadline(now);
    CHECK(inquiry.next_piece() == piece);
    inquiry.on_asked(piece, b, now);
    CHECK(inquiry.asked(piece, a));
    // Whoever answers a part is waited for.
    inquiry.on_part(piece, a, now);
    inquiry.on_refused(piece, b);
    CHECK_FALSE(inquiry.next_piece());
    inquiry.on_refused(piece, a);
    CHECK(inquiry.next_piece() == piece);
  }
}

TEST_CASE("few are asked, and nobody once it is closed", "[leaf_inquiry]") {
  const time_point now{};
  leaf_inquiry inquiry;
  inquiry.on_failed(piece);
  for (std::uint32_t i = 0; i < leaf_sources_max; ++i) {
    CHECK(inquiry.may_ask(piece, source_id{i}));
    inquiry.on_asked(piece, source_id{i}, now);
  }
  CHECK_FALSE(inquiry.may_ask(piece, source_id{leaf_sources_max}));
  inquiry.on_deadline(now + leaf_answer_max);
  inquiry.on_closed(piece);
  CHECK_FALSE(inquiry.next_piece());
  CHECK(inquiry.next_deadline() == never);
  inquiry.on_part(piece, a, now);
  CHECK_FALSE(inquiry.asked(piece, a));
}

}  // namespace shoal
