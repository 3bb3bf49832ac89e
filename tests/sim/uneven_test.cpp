// One downloader and sources that are slow, far, faulty or hostile: it always ends, in little more time than the steady
// ones need.
#include <catch2/catch.hpp>

#include "sim/checkers.hpp"
#include "simulate/uneven.hpp"
#include "simulate/uneven_draw.hpp"

namespace shoal::simulate {
namespace {

// tools/uneven runs a thousand.
constexpr std::uint64_t seeds_of_kind = 20;
constexpr std::uint64_t seeds_of_mixed = 100;

void require_good(trouble kind, std::uint64_t seeds = seeds_of_kind) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    observer nobody;
    const uneven_outcome run = run_uneven(draw_uneven(kind, seed), nobody);
    INFO("seed " << seed << ": " << run.seconds << " s, fluid " << run.fluid << " s");
    CHECK(run.complete);
    CHECK(run.seconds <= run.limit);
    CHECK(run.duplicates <= run.duplicates_limit);
  }
}

TEST_CASE("whatever the sources do, each block is written once and none but liars are banned") {
  for (const auto& [kind, name] : all_troubles()) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      INFO(name << ", seed " << seed);
      const scenario how = draw_uneven(kind, seed);
      watcher seen;
      const uneven_outcome run = run_uneven(how, seen);
      CHECK(run.complete);
      CHECK(seen.twice == 0);
      CHECK(seen.verified_wrong == 0);
      CHECK(seen.verified_twice == 0);
      for (const node_index banned : seen.banned[node_index{0}]) {
        // The downloader is number 0, the sources follow.
        CHECK(how.sources.at(banned.value() - 1).treats == manner::lies);
      }
    }
  }
}

TEST_CASE("what only some hold takes as long as they need") {
  scenario how;
  how.share_bytes = 4 * MiB;
  how.piece_bytes = 1 * MiB;
  how.sources.resize(2);
  how.sources[0].up = 1 * MiB;
  how.sources[1].up = 3 * MiB;
  CHECK(fluid_seconds(how) == Approx(1.0));
  how.sources[1].pieces = bitmap(4);
  how.sources[1].pieces.set(2);
  CHECK(fluid_seconds(how) == Approx(3.0));
  how.sources.push_back(how.sources[0]);
  how.sources.back().treats = manner::mute;
  CHECK(fluid_seconds(how) == Approx(3.0));
}

TEST_CASE("near sources of about the same rate are used to the full") {
  require_good(trouble::none);
}

TEST_CASE("holders of a part each are used to the full") {
  require_good(trouble::partial);
}

TEST_CASE("a slow source holds nobody up") {
  require_good(trouble::slow);
}

TEST_CASE("a source that drips holds nobody up") {
  require_good(trouble::drips);
}

TEST_CASE("a source whose uplink stands still for a while holds nobody up") {
  require_good(trouble::stalls);
}

TEST_CASE("a source that chokes for ever holds nobody up") {
  require_good(trouble::chokes);
}

TEST_CASE("a source that unchokes and answers nothing holds nobody up") {
  require_good(trouble::mute);
}

TEST_CASE("a source that chokes again and again holds nobody up") {
  require_good(trouble::wavers);
}

TEST_CASE("a source that rejects everything holds nobody up") {
  require_good(trouble::rejects);
}

TEST_CASE("a source that lies holds nobody up") {
  require_good(trouble::lies);
}

TEST_CASE("a source that vanishes and returns holds nobody up") {
  require_good(trouble::vanishes);
}

TEST_CASE("a source whose rate changes holds nobody up") {
  require_good(trouble::changes);
}

TEST_CASE("sources at any distance are used to the full") {
  require_good(trouble::far);
}

TEST_CASE("trouble of all kinds at once holds nobody up") {
  require_good(trouble::mixed, seeds_of_mixed);
}

}  // namespace
}  // namespace shoal::simulate
