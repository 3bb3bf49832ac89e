#include "peer/library/look_rhythm.hpp"

#include <catch2/catch.hpp>

namespace shoal {

using namespace std::chrono_literals;

TEST_CASE("content is looked at every five seconds, and seldom if that takes long") {
  const time_point start{1h};
  look_rhythm subject(start);
  CHECK(subject.next() == start + 5s);
  subject.on_looked(start + 5s, start + 5s + 1ms);
  CHECK(subject.next() == start + 10s + 1ms);
  subject.on_looked(start + 11s, start + 12s);
  CHECK(subject.next() == start + 112s);
}

}  // namespace shoal
