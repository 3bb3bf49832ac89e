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

TEST_CASE("nothing is taken from a source because a limit keeps it unread") {
  stage s(1 * MiB, {4 * MiB});
  const auto ann = s.join();
  const auto bob = s.join(s.only({0, 1}));
  // Both deliver 64 KiB each 10 ms, and all is given out.
  std::vector<byte_range> anns = s.ask(ann);
  std::vector<byte_range> bobs = s.ask(bob);
  for (int i = 0; i < 40 && !bobs.empty(); ++i) {
    s.now += 10ms;
    if (anns.size() > 8) {
      s.deliver(ann, anns.front());
      anns.erase(anns.begin());
    }
    s.deliver(bob, bobs.front());
    bobs.erase(bobs.begin());
    for (const auto& range : s.ask(bob)) bobs.push_back(range);
  }
  const auto stolen = s.transfer.total().chunks_stolen;
  const bool paused = GENERATE(true, false);
  if (paused) s.transfer.on_source_paused(ann, s.now);
  for (int i = 0; i < 60; ++i) {
    s.now += 10ms;
    s.transfer.on_deadline(s.now);
    for (const auto& range : s.ask(bob)) bobs.push_back(range);
  }
  CHECK((s.transfer.total().chunks_stolen == stolen) == paused);
}

TEST_CASE("under a limit a source of unknown rate is asked for what the limit lets through in half a second") {
  stage s(1 * MiB, {64 * MiB});
  const std::uint64_t limit = GENERATE(as<std::uint64_t>(), 1000, 100'000, 1'000'000, 1'000'000'000);
  s.transfer.on_limit(limit);
  const auto asked = s.ask(s.join());
  CHECK(asked.size() >= 2);
  CHECK(bytes_of(asked) <= std::clamp<std::uint64_t>(limit / 2, 2 * block_bytes, 2 * MiB));
}
