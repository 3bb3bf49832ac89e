#include "peer/discovery/hashing_mark.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

TEST_CASE("a mark keeps its name in the list while it lives", "[hashing_mark]") {
  hashing_list subject;
  {
    hashing_mark first(subject, "x");
    const hashing_mark moved(std::move(first));
    CHECK_FALSE(subject.empty());
  }
  CHECK(subject.empty());
}
