#include <catch2/catch.hpp>

#include "policy/transfer.hpp"
#include "unit/policy/support/transfer_stage.hpp"

using namespace shoal;
using namespace std::chrono_literals;
using fake::bytes_of;
using fake::stage;

TEST_CASE("a source that a limit keeps unread is not silent, and a dead one beside it is") {
  stage s(1 * MiB, {8 * MiB});
  const auto ann = s.join();
  const auto bob = s.join();
  REQUIRE_FALSE(s.ask(ann).empty());
  REQUIRE_FALSE(s.ask(bob).empty());
  s.transfer.on_source_paused(ann, s.now);
  s.now += 1500ms;
  s.transfer.on_deadline(s.now);
  CHECK_FALSE(s.transfer.stats(ann).stalled);
  CHECK(s.transfer.stats(bob).stalled);
}

TEST_CASE("when a limit lets it be read again, a dead source is found out at its deadline") {
  stage s(1 * MiB, {8 * MiB});
  const auto ann = s.join();
  REQUIRE_FALSE(s.ask(ann).empty());
  s.transfer.on_source_paused(ann, s.now);
  CHECK(s.transfer.next_deadline() > s.now + 1min);
  s.now += 5s;
  s.transfer.on_source_resumed(ann, s.now);
  s.now += 900ms;
  s.transfer.on_deadline(s.now);
  CHECK_FALSE(s.transfer.stats(ann).stalled);
  s.now += 200ms;
  s.transfer.on_deadline(s.now);
  CHECK(s.transfer.stats(ann).stalled);
}

TEST_CASE("under a limit a source of unknown rate is asked for what the limit lets through in half a second") {
  stage s(1 * MiB, {64 * MiB});
  const std::uint64_t limit = GENERATE(as<std::uint64_t>(), 1000, 100'000, 1'000'000, 1'000'000'000);
  s.transfer.on_limit(limit);
  const auto asked = s.ask(s.join());
  CHECK(asked.size() >= 2);
  CHECK(bytes_of(asked) <= std::clamp<std::uint64_t>(limit / 2, 2 * block_bytes, 2 * MiB));
}
