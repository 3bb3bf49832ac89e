#include "peer/share/content_arrivals.hpp"

#include <catch2/catch.hpp>

using namespace shoal;
using namespace std::chrono_literals;

TEST_CASE("what arrives during a look is looked through at once afterwards, by one look") {
  content_arrivals arrivals;
  time_point now{1h};
  CHECK(arrivals.begin_look(now).empty());
  arrivals.add({});
  CHECK(arrivals.begin_look(now).size() == 1);
  for (int i = 0; i < 1000; ++i) {
    arrivals.add({});
    now += 1ms;
    REQUIRE(arrivals.begin_look(now).empty());
  }
  arrivals.end_look(now);
  now += 1s;
  CHECK(arrivals.begin_look(now).size() == 1000);
  arrivals.end_look(now);
  CHECK(arrivals.begin_look(now + 1h).empty());
}

TEST_CASE("thousands of arrivals cost few looks, whether a look takes long or not") {
  const duration takes = GENERATE(duration(0us), duration(30ms), duration(2s));
  content_arrivals arrivals;
  time_point now{1h};
  const time_point begun = now;
  int looks = 0;
  std::size_t seen = 0;
  std::optional<time_point> ends;
  for (int i = 0; i < 10'000; ++i) {
    arrivals.add({});
    now += 1ms;
    if (ends && *ends <= now) {
      arrivals.end_look(now);
      ends.reset();
    }
    const auto found = arrivals.begin_look(now);
    if (found.empty()) continue;
    ++looks;
    seen += found.size();
    ends = now + takes;
  }
  // Half of the time, or ten in a second.
  CHECK(looks <= (now - begun) / std::max(2 * takes, duration(100ms)) + 1);
  if (ends) arrivals.end_look(now);
  CHECK(seen + arrivals.begin_look(now + 1h).size() == 10'000);
}
