#include "policy/damage_checks.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

const time_point start{std::chrono::hours(1)};

damage_checks::place place(std::uint32_t piece) {
  return {share_id{}, piece_index{piece}};
}

}  // namespace

TEST_CASE("what somebody says is damaged is checked once", "[damage_checks]") {
  damage_checks subject;
  CHECK(subject.next_deadline() == never);
  subject.on_accused(place(1), "a", start);
  subject.on_accused(place(1), "b", start);
  CHECK(subject.next_check(start) == place(1));
  CHECK_FALSE(subject.next_check(start + std::chrono::hours(1)));
  subject.on_accused(place(1), "c", start + std::chrono::minutes(9));
  CHECK(subject.next_deadline() == never);
  subject.on_accused(place(1), "c", start + std::chrono::minutes(10));
  CHECK(subject.next_check(start + std::chrono::minutes(10)) == place(1));
}

TEST_CASE("accusers cannot burn more than one check a second", "[damage_checks]") {
  damage_checks subject;
  int checks = 0;
  for (std::uint32_t ms = 0; ms < 10'000; ++ms) {
    const time_point now = start + std::chrono::milliseconds(ms);
    subject.on_accused(place(ms), "hostile" + std::to_string(ms % 200), now);
    if (subject.next_check(now)) ++checks;
  }
  CHECK(checks == 10);
}

TEST_CASE("one accuser does not keep others from being heard", "[damage_checks]") {
  damage_checks subject;
  for (std::uint32_t piece = 0; piece < 1000; ++piece) subject.on_accused(place(piece), "hostile", start);
  subject.on_accused(place(5000), "honest", start);
  CHECK(subject.next_check(start) == place(0));
  CHECK_FALSE(subject.next_check(start));
  CHECK(subject.next_deadline() == start + damage_checks::interval);
  CHECK(subject.next_check(start + damage_checks::interval) == place(5000));
}

}  // namespace shoal
