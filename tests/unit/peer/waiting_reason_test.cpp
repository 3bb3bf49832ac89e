#include "peer/share/waiting_reason.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

TEST_CASE("a waiting download says what its peers do, and nothing else") {
  CHECK(waiting_reason({.sources = 1, .without = 1}) ==
        "nothing arrives: the only connected peer has nothing that is missing here");
  CHECK(waiting_reason({.sources = 3, .choking = 3}) == "nothing arrives: all 3 connected peers serve others first");
  CHECK(
      waiting_reason({.sources = 5, .silent = 1, .without = 2, .choking = 2}) ==
      "nothing arrives: of 5 connected peers, 2 have nothing that is missing here, 2 serve others first and 1 does not "
      "answer");
  CHECK(waiting_reason({.sources = 2, .rejecting = 1}) ==
        "nothing arrives: of 2 connected peers, 1 refuses what it is asked for and 1 has been asked and may still "
        "answer");
  CHECK(waiting_reason({.sources = 2}) ==
        "nothing arrives: all 2 connected peers have been asked and may still answer");
  CHECK(waiting_reason({}) == "nothing arrives: no peer is connected");
}

TEST_CASE("a download whose version is gone names what its name means now") {
  CHECK(superseded_reason("m") == "nobody has this version any more: 'm' means a newer version now");
}

TEST_CASE("no count of nobody is shown") {
  for (std::size_t mask = 0; mask < 16; ++mask) {
    explanation counts;
    counts.silent = mask & 1U;
    counts.choking = mask >> 1U & 1U;
    counts.rejecting = mask >> 2U & 1U;
    counts.without = mask >> 3U & 1U;
    counts.sources = counts.silent + counts.choking + counts.rejecting + counts.without;
    CHECK(waiting_reason(counts).find(" 0 ") == std::string::npos);
  }
}
