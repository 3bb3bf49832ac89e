#include "policy/second_connection.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

using namespace std::chrono_literals;

/// Works, at the newcomer's address.
present_session working(bool dialled) {
  return {true, dialled, true, false, false, 1min};
}
/// Of a peer that called, or that we called.
second_connection called() {
  return {};
}
second_connection dialled() {
  return {true, false, false, true};
}

}  // namespace

TEST_CASE("a connection with the id of a session that works is refused at the same address") {
  for (const bool present_dialled : {false, true}) {
    CHECK(judge(called(), working(present_dialled)) == second_verdict::refuse);
    CHECK(judge(dialled(), working(present_dialled)) == second_verdict::refuse);
  }
}

TEST_CASE("no newcomer displaces a session only because it is silent or unproven") {
  for (unsigned bits = 0; bits < 64; ++bits) {
    const auto bit = [bits](unsigned place) { return (bits >> place & 1) != 0; };
    const present_session present{bit(0), bit(1), bit(2), bit(3), false, 1min};
    const auto verdict = judge({bit(4), false, bit(5), true}, present);
    CHECK(verdict != second_verdict::in_lost_place);
    CHECK(verdict != second_verdict::crossed);
  }
}

TEST_CASE("a session that is doubted is asked for a sign of life") {
  present_session present = working(false);
  present.doubted = true;
  CHECK(judge(called(), present) == second_verdict::beside_checked);
  present.same_address = false;
  CHECK(judge(called(), present) == second_verdict::beside_checked);
  present.doubted = false;
  CHECK(judge(called(), present) == second_verdict::beside);
  // What we dialled leads to whoever listens there. Others wait until it is lost.
  present = working(true);
  present.doubted = true;
  CHECK(judge(called(), present) == second_verdict::refuse_checked);
}

TEST_CASE("whoever called with an id first keeps nobody from dialling or calling") {
  present_session present{true, false, false, false, false, 10ms};
  CHECK(judge(dialled(), present) == second_verdict::beside);
  CHECK(judge(called(), present) == second_verdict::beside);
  present.doubted = true;
  CHECK(judge(dialled(), present) == second_verdict::beside_checked);
}

TEST_CASE("a lost path gives way to the same address only, or to what we dialled for it") {
  present_session present = working(false);
  present.doubted = present.lost = true;
  CHECK(judge(called(), present) == second_verdict::in_lost_place);
  present.same_address = false;
  CHECK(judge(called(), present) == second_verdict::beside_checked);
  CHECK(judge({true, true, false, true}, present) == second_verdict::in_lost_place);
}

TEST_CASE("of two peers that were called before their dials were answered one keeps what it dialled") {
  const present_session theirs{true, false, false, false, false, 10ms};
  CHECK(judge({true, false, true, true}, theirs) == second_verdict::crossed);
  // The other one waits for that: what called may be an impostor.
  CHECK(judge({true, false, false, true}, theirs) == second_verdict::beside);
  CHECK(judge({true, false, true, false}, theirs) == second_verdict::beside);
  // It came after we had begun to dial, however far away the peer is.
  present_session late = theirs;
  late.age = 1500ms;
  CHECK(judge({true, false, true, true, 2s}, late) == second_verdict::crossed);
  CHECK(judge({true, false, true, true, 100ms}, late) == second_verdict::beside);
  late.same_address = false;
  CHECK(judge({true, false, true, true, 2s}, late) == second_verdict::beside);
}

TEST_CASE("of two connections that cross each other the one stays that the greater id opened") {
  present_session ours{true, true, false, false, false, 10ms};
  CHECK(judge({false, false, true, true}, ours) == second_verdict::crossed);
  CHECK(judge({false, false, false, true}, ours) == second_verdict::refuse);
  // Whoever crosses again and again is no peer that dialled at the same moment.
  CHECK(judge({false, false, true, false}, ours) == second_verdict::refuse);
  ours.age = crossing_max;
  CHECK(judge({false, false, true, true}, ours) == second_verdict::refuse);
}

}  // namespace shoal
