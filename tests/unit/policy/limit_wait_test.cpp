#include "policy/limit_wait.hpp"

#include <catch2/catch.hpp>

namespace shoal {

TEST_CASE("a peer is told once that a limit holds it up, and once that none does any more") {
  using std::chrono::milliseconds;
  limit_wait wait;
  wait.on_sent(milliseconds(900), milliseconds(900));
  CHECK_FALSE(wait.next_news(1000));
  wait.on_sent(milliseconds(100), milliseconds(100));
  CHECK(wait.next_news(1000) == 1000);
  wait.on_sent(milliseconds(1000), milliseconds(400));
  CHECK_FALSE(wait.next_news(1000));
  // Another limit is news.
  wait.on_sent(milliseconds(1000), milliseconds(400));
  CHECK(wait.next_news(2000) == 2000);
  wait.on_sent(milliseconds(1000), milliseconds(200));
  CHECK(wait.next_news(2000) == 0);
  wait.on_sent(milliseconds(1000), milliseconds(0));
  CHECK_FALSE(wait.next_news(0));
}

}  // namespace shoal
