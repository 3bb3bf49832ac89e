#include "directory/frame_overhead.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

namespace {

const time_point start{std::chrono::hours(1)};
constexpr frame_overhead::rates few{1000, 10};

}  // namespace

TEST_CASE("content costs nothing, however much comes", "[frame_overhead]") {
  frame_overhead subject(few, start);
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(subject.on_read(508, start));
    subject.on_content(500, true);
  }
  CHECK(subject.on_read(1000, start));
}

TEST_CASE("what is no content is bounded at once and for each second", "[frame_overhead]") {
  frame_overhead subject(few, start);
  CHECK(subject.on_read(999, start));
  CHECK_FALSE(subject.on_read(6, start));
  frame_overhead slow(few, start);
  for (int second = 0; second < 1000; ++second) REQUIRE(slow.on_read(6, start + std::chrono::seconds(second)));
  frame_overhead fast(few, start);
  int seconds = 0;
  while (seconds < 1000 && fast.on_read(30, start + std::chrono::seconds(seconds))) ++seconds;
  CHECK(seconds < 60);
}

TEST_CASE("fragments of one byte are mostly no content", "[frame_overhead]") {
  frame_overhead subject(few, start);
  int fragments = 0;
  while (fragments < 1000 && subject.on_read(7, start)) {
    subject.on_content(1, false);
    ++fragments;
  }
  CHECK(fragments < 200);
}
