#include "directory/hashing_list.hpp"

#include <catch2/catch.hpp>

using namespace shoal;
using namespace std::chrono_literals;

namespace {

const time_point start{std::chrono::hours(1)};
using rows = std::vector<tracking::hashing_row>;

}  // namespace

TEST_CASE("what is hashed at once is not told", "[hashing_list]") {
  hashing_list subject;
  CHECK(subject.next_deadline() == never);
  const auto quick = subject.on_begin("quick", start);
  CHECK_FALSE(subject.next_rows(start + 99ms));
  subject.on_end(quick, start + 99ms);
  CHECK_FALSE(subject.next_rows(start + 200ms));
  CHECK(subject.next_deadline() == never);
}

TEST_CASE("what takes longer is told, how far it is, and its end", "[hashing_list]") {
  hashing_list subject;
  const auto slow = subject.on_begin("slow", start);
  CHECK(subject.next_deadline() == start + 100ms);
  CHECK(subject.next_rows(start + 100ms) == rows{{"slow", 0, 0}});
  subject.on_found(slow, "real", 1000, start + 200ms);
  CHECK(subject.next_rows(start + 200ms) == rows{{"real", 1000, 0}});
  subject.on_progress(slow, 10, start + 300ms);
  CHECK_FALSE(subject.next_rows(start + 1100ms));
  CHECK(subject.next_deadline() == start + 1200ms);
  CHECK(subject.next_rows(start + 1200ms) == rows{{"real", 1000, 10}});
  subject.on_end(slow, start + 1300ms);
  CHECK(subject.next_rows(start + 1300ms) == rows{});
  CHECK(subject.next_deadline() == never);
}

TEST_CASE("what waits for its turn is told, and each that begins later in its time", "[hashing_list]") {
  hashing_list subject;
  (void)subject.on_begin("a", start);
  (void)subject.on_begin("b", start + 50ms);
  CHECK(subject.next_rows(start + 100ms) == rows{{"a", 0, 0}});
  CHECK(subject.next_deadline() == start + 150ms);
  CHECK(subject.next_rows(start + 150ms) == rows{{"a", 0, 0}, {"b", 0, 0}});
}

TEST_CASE("long lists are told rarely and in part", "[hashing_list]") {
  hashing_list subject;
  std::vector<hashing_list::key> keys;
  for (int i = 0; i < 3000; ++i) keys.push_back(subject.on_begin(std::to_string(i), start));
  const auto told = subject.next_rows(start + 1s);
  REQUIRE(told);
  CHECK(told->size() == tracking::hashing_rows_max);
  (void)subject.on_begin("young", start + 1s);
  CHECK(subject.count(start + 1s) == 3000);
  subject.on_end(keys.front(), start + 2s);
  CHECK(subject.next_deadline() == start + 1s + 1000 * hashing_list::interval_per_row);
  CHECK_FALSE(subject.next_rows(start + 3s));
  CHECK(subject.next_rows(start + 30s)->front().name == "1");
}
