#include "directory/frame_overhead.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

namespace {

const time_point start{std::chrono::hours(1)};
constexpr frame_overhead::rates few{1000, 100};

}  // namespace

TEST_CASE("content costs nothing, however much comes", "[frame_overhead]") {
  frame_overhead subject(few, start);
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(subject.on_read(108, start));
    subject.on_content(100, true);
    REQUIRE(subject.on_read(708, start));
    subject.on_content(700, true);
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
  while (seconds < 1000 && fast.on_read(130, start + std::chrono::seconds(seconds))) ++seconds;
  CHECK(seconds < 60);
}

TEST_CASE("content a byte at a time is bounded, and a message that is read at once costs nothing", "[frame_overhead]") {
  frame_overhead subject(few, start);
  int reads = 0;
  while (reads < 1000 && subject.on_read(1, start)) {
    subject.on_content(1, false);
    ++reads;
  }
  CHECK(reads < 30);
}

TEST_CASE("small segments that come while nothing is read count as reads", "[frame_overhead]") {
  frame_overhead subject(few, start);
  CHECK(subject.on_unread(20, start));
  CHECK(subject.on_unread(-1000, start));
  CHECK_FALSE(subject.on_unread(1, start));
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

TEST_CASE("a control frame costs more than its bytes, and a ping more than a pong", "[frame_overhead]") {
  const auto taken = [](bool is_ping) {
    frame_overhead subject(few, start);
    int frames = 0;
    while (frames < 1000 && subject.on_control_frame(is_ping, start)) ++frames;
    return frames;
  };
  CHECK(taken(true) < 10);
  CHECK(taken(false) < 25);
  CHECK(taken(true) < taken(false));
}

TEST_CASE("a bound that grows gives more, and one that shrinks takes it back", "[frame_overhead]") {
  frame_overhead subject(few, start);
  CHECK(subject.on_read(900, start));
  subject.set_most({2000, 100}, start);
  CHECK(subject.on_read(1000, start));
  subject.set_most(few, start);
  CHECK_FALSE(subject.on_read(1, start));
}

TEST_CASE("whoever sends heartbeats and messages is modest, and whoever sends more is not", "[frame_overhead]") {
  const auto rates = frame_overhead::of_peer(std::chrono::seconds(5));
  frame_overhead subject(rates, start);
  time_point now = start;
  for (int beat = 0; beat < 1000; ++beat, now += std::chrono::seconds(5)) {
    REQUIRE(subject.on_read(6, now));
    REQUIRE(subject.on_control_frame(true, now));
    REQUIRE(subject.on_read(70, now));
    subject.on_content(64, true);
    REQUIRE(subject.is_modest(now));
  }
  for (int i = 0; i < 15; ++i) {
    REQUIRE(subject.on_read(6, now));
    REQUIRE(subject.on_control_frame(true, now));
  }
  CHECK_FALSE(subject.is_modest(now));
}
