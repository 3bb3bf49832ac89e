#include "content/publication.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

namespace {

publication by(std::uint8_t publisher, std::uint64_t ms) {
  publication made;
  made.publisher.bytes.fill(publisher);
  made.ms = ms;
  return made;
}

}  // namespace

TEST_CASE("of two claims one counts, in any order", "[publication]") {
  const auto both = [](const publication& one, const publication& other) {
    CHECK(merged(one, other) == merged(other, one));
    return merged(one, other);
  };
  CHECK(both(by(1, 10), by(1, 20)) == by(1, 20));
  CHECK(both(by(1, 10), by(2, 20)) == by(1, 10));
  CHECK(both(by(1, 10), by(2, 10)) == by(1, 10));
  CHECK(both(by(1, 10), {}) == by(1, 10));
  CHECK(both({}, {}) == publication{});
  CHECK(both(by(0, 10), by(0, 20)) == by(0, 20));
}

TEST_CASE("only the same publisher's newer version supersedes", "[publication]") {
  CHECK(supersedes(by(1, 20), by(1, 10)));
  CHECK_FALSE(supersedes(by(1, 10), by(1, 20)));
  CHECK_FALSE(supersedes(by(1, 10), by(1, 10)));
  CHECK_FALSE(supersedes(by(2, 20), by(1, 10)));
  CHECK_FALSE(supersedes(by(0, 20), by(0, 10)));
}

TEST_CASE("the time is told in UTC", "[publication]") {
  CHECK(time_text(by(1, 1'764'396'000'999)) == "2025-11-29 06:00:00 UTC");
  CHECK(time_text(by(1, publication_ms_max)) == "9999-12-31 23:59:59 UTC");
  CHECK(time_text({}).empty());
}
