#include "directory/listening_rate.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

namespace {

const time_point start{std::chrono::hours(1)};
constexpr listening_rate::rates some{3000, 300, 64.0 * MiB, 2.0 * MiB};

// Messages of so many bytes that are read within a minute, if the other side never stops.
std::size_t read_in_a_minute(const listening_rate::rates& rates, std::size_t bytes) {
  listening_rate subject(rates, start);
  std::size_t read = 0;
  for (time_point now = start; now < start + std::chrono::minutes(1); ++read) now += subject.on_read(1, bytes, now);
  return read;
}

}  // namespace

TEST_CASE("who says a lot is read more slowly", "[listening_rate]") {
  const std::size_t small = read_in_a_minute(some, 50);
  CHECK(small >= 3000 + 60 * 300);
  CHECK(small <= 3000 + 61 * 300);
  const std::size_t large = read_in_a_minute(some, 1 * MiB);
  CHECK(large >= 64 + 60 * 2);
  CHECK(large <= 64 + 61 * 2);
}

TEST_CASE("who says what there is to say is read at once", "[listening_rate]") {
  listening_rate subject(some, start);
  for (int i = 0; i < 3000; ++i) CHECK(subject.on_read(1, 1000, start) == duration::zero());
  CHECK(subject.on_read(100, 0, start) > duration::zero());
  // And again when it was silent for a while.
  const time_point later = start + std::chrono::seconds(20);
  for (int i = 0; i < 3000; ++i) CHECK(subject.on_read(1, 1000, later) == duration::zero());
}

TEST_CASE("what is taken from the budget is never more than it has", "[listening_rate]") {
  listening_rate subject({3, 1, 100, 10}, start);
  CHECK_FALSE(subject.take(101, start));
  CHECK(subject.take(60, start));
  CHECK_FALSE(subject.take(60, start));
  CHECK(subject.take(40, start));
  CHECK(subject.take(0, start));
  CHECK_FALSE(subject.take(0, start));
  CHECK(subject.take(10, start + std::chrono::seconds(1)));
}

TEST_CASE("who says little has more than half of the budget left", "[listening_rate]") {
  constexpr listening_rate::rates few{16, 4, 4.0 * KiB, 1.0 * KiB};
  listening_rate subject(few, start);
  CHECK(subject.is_full(start));
  for (int i = 0; i < 8; ++i) CHECK(subject.take(10, start));
  CHECK_FALSE(subject.is_half_spent());
  CHECK(subject.take(10, start));
  CHECK(subject.is_half_spent());
  CHECK_FALSE(subject.is_full(start));
  CHECK(subject.is_full(start + std::chrono::seconds(3)));
}
