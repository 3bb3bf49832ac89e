#include "directory/signature_claims.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "unit/directory/signed_rows.hpp"

namespace shoal {
namespace {

using namespace testing;

const publisher_secret ann = *publisher_secret::make();
const time_point start{std::chrono::hours(1)};
constexpr tracker_session_id one{1};
constexpr tracker_session_id other{2};

signature_claims::claim claim(std::uint32_t n, bool right = true) {
  signature_claims::claim made;
  for (std::size_t at = 0; at < 4; ++at) made.id.bytes[at] = static_cast<std::uint8_t>(n >> (8 * at));
  made.share.name = "x";
  made.what = signed_row(ann, 1, "x", 1).publication;
  if (right) made.what = *signed_by(ann, {}, made.id, made.share.name);
  made.what.of_signature = standing::unchecked;
  return made;
}

TEST_CASE("a claim is checked once, with its verdict", "[signature_claims]") {
  signature_claims subject;
  CHECK_FALSE(subject.waits());
  subject.on_claim(one, "a", claim(5), start);
  subject.on_claim(one, "a", claim(6, false), start);
  subject.on_claim(one, "a", claim(6, false), start);
  CHECK(subject.waits());
  const auto done = subject.next_checked(start);
  REQUIRE(done.size() == 2);
  for (const auto& verdict : done) {
    CHECK(verdict.what.of_signature == (verdict.id == claim(5).id ? standing::right : standing::wrong));
  }
  CHECK_FALSE(subject.waits());
  CHECK(subject.next_checked(start).empty());
}

TEST_CASE("origins take turns, and a round has an end", "[signature_claims]") {
  signature_claims subject;
  for (std::uint32_t n = 0; n < 100; ++n) subject.on_claim(one, "a", claim(n, false), start);
  subject.on_claim(other, "b", claim(1000), start);
  const auto first = subject.next_checked(start);
  CHECK(first.size() == signature_claims::checks_a_round);
  CHECK(std::ranges::any_of(first, [](const auto& verdict) { return verdict.what.is_signed(); }));
}

TEST_CASE("a flood is checked at the rate of its peer's credit, and holds nobody else up", "[signature_claims]") {
  signature_claims subject;
  std::size_t checks = 0;
  time_point now = start;
  std::uint32_t n = 0;
  const auto flood = [&](int rounds) {
    checks = 0;
    for (int round = 0; round < rounds; ++round, now += std::chrono::milliseconds(50)) {
      for (int i = 0; i < 20; ++i) subject.on_claim(one, "a", claim(n++, false), now);
      checks += subject.next_checked(now).size();
    }
  };
  flood(120);
  flood(20);
  // In one second without what was left at the begin.
  CHECK(checks <= 81);
  CHECK(checks >= 78);
  subject.on_claim(other, "b", claim(1), now);
  const auto done = subject.next_checked(now);
  CHECK(std::ranges::any_of(done, [](const auto& verdict) { return verdict.what.is_signed(); }));
  subject.on_leave(one);
  CHECK_FALSE(subject.waits());
}

TEST_CASE("peers of one origin share its credit and its turns, however often they join", "[signature_claims]") {
  signature_claims subject;
  std::uint32_t n = 0;
  std::size_t checks = 0;
  time_point now = start;
  for (std::uint32_t round = 0; round < 200; ++round, now += std::chrono::milliseconds(50)) {
    const tracker_session_id joined{100 + round};
    for (int i = 0; i < 30; ++i) subject.on_claim(joined, "a", claim(n++, false), now);
    subject.on_claim(other, "b", claim(100'000 + round), now);
    const auto done = subject.next_checked(now);
    CHECK(std::ranges::any_of(done, [](const auto& verdict) { return verdict.what.is_signed(); }));
    checks += done.size();
    if (round % 2 == 1) subject.on_leave(joined);
  }
  // Of the ten seconds, and of what was saved up: two origins.
  CHECK(checks <= 1100 + 200);
  CHECK(subject.origins() == 2);
  for (std::uint32_t round = 0; round < 200; ++round) subject.on_leave(tracker_session_id{100 + round});
  subject.on_claim(other, "b", claim(1), now + std::chrono::minutes(1));
  CHECK(subject.origins() == 1);
}

TEST_CASE("what was checked once costs nothing again", "[signature_claims]") {
  signature_claims subject;
  for (std::uint32_t n = 0; n < 500; ++n) {
    subject.on_claim(one, "a", claim(n % 10, false), start);
    subject.on_claim(other, "b", claim(n % 10, false), start);
    REQUIRE(subject.next_checked(start).size() == 2);
  }
  std::size_t rounds = 0;
  for (std::uint32_t n = 0; n < 200; ++n) subject.on_claim(one, "a", claim(10 + n, false), start);
  for (; subject.waits() && rounds < 100; ++rounds) (void)subject.next_checked(start);
  CHECK(rounds < 100);
}

TEST_CASE("what is withdrawn is not checked", "[signature_claims]") {
  signature_claims subject;
  subject.on_claim(one, "a", claim(1), start);
  subject.on_withdraw(one, claim(1).id);
  subject.on_withdraw(other, claim(1).id);
  CHECK_FALSE(subject.waits());
  subject.on_claim(one, "a", claim(2), start);
  CHECK(subject.next_checked(start).size() == 1);
}

}  // namespace
}  // namespace shoal
