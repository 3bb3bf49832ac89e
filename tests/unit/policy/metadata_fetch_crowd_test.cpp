// metadata_fetch among many sources of which few or none are of use.
#include <catch2/catch.hpp>
#include <random>

#include "unit/policy/support/metadata_crowd.hpp"

using namespace shoal;
using namespace std::chrono_literals;
using fake::manner;
using fake::metadata_crowd;

namespace {

constexpr std::array bad_manners{manner::mute,       manner::slow,       manner::rejecting,
                                 manner::other_size, manner::slow_size,  manner::wrong,
                                 manner::half_wrong, manner::misstating, manner::vanishing};
constexpr std::uint32_t bad_count = 24;

double milliseconds(duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace

TEST_CASE("one honest source among 24 bad ones of a kind, wherever it comes, is enough within a second") {
  for (const manner how : bad_manners) {
    for (const std::uint32_t place : {0u, 12u, bad_count}) {
      for (const duration pause : {duration(0ms), duration(2ms), duration(60ms), duration(1s)}) {
        metadata_crowd crowd(fake::share_of_many_files());
        source_id honest;
        time_point joined;
        for (std::uint32_t i = 0; i <= bad_count; ++i) {
          if (i > 0) crowd.run_until(crowd.now + (i == bad_count ? pause : pause / bad_count));
          if (i == place) joined = crowd.now;
          const source_id id = crowd.join(i == place ? manner::honest : how, 5ms);
          if (i == place) honest = id;
        }
        CAPTURE(static_cast<int>(how), place, milliseconds(pause));
        REQUIRE(crowd.run_until(joined + 10s));
        CAPTURE(milliseconds(crowd.now - joined));
        CHECK(crowd.now - joined <= 50ms);
        CHECK(std::ranges::count(crowd.banned, honest) == 0);
      }
    }
  }
}

TEST_CASE("a far honest source among 24 bad ones of a kind takes few round trips") {
  for (const manner how : bad_manners) {
    metadata_crowd crowd(fake::share_of_many_files());
    for (std::uint32_t i = 0; i < bad_count; ++i) crowd.join(how, 5ms);
    crowd.join(manner::honest, 200ms);
    const time_point joined = crowd.now;
    CAPTURE(static_cast<int>(how));
    REQUIRE(crowd.run_until(joined + 10s));
    CAPTURE(milliseconds(crowd.now - joined));
    CHECK(crowd.now - joined <= 1s);
  }
}

TEST_CASE("what silent sources owe is left to who comes later, all in one round trip") {
  metadata_crowd crowd(fake::share_of_many_files());
  for (std::uint32_t i = 0; i < bad_count; ++i) crowd.join(manner::mute, 5ms);
  crowd.run_until(crowd.now + 1010ms);
  crowd.join(manner::honest, 300ms);
  const time_point joined = crowd.now;
  REQUIRE(crowd.run_until(joined + 10s));
  CHECK(crowd.now - joined == 600ms);
}

TEST_CASE("a far honest source alone is asked for everything in one round trip, and for all layers in another") {
  metadata_crowd crowd(fake::share_of_many_files());
  REQUIRE(crowd.parts() >= 12);
  crowd.join(manner::honest, 300ms);
  REQUIRE(crowd.run_until(crowd.now + 10s));
  CHECK(crowd.now - time_point(1s) == 600ms);
  CHECK(crowd.parts_sent == crowd.parts());
}

TEST_CASE("one liar among many honest costs one round trip") {
  for (const manner how : {manner::wrong, manner::half_wrong}) {
    for (const std::uint32_t place : {0u, 5u, 23u}) {
      metadata_crowd crowd(fake::share_of_many_files());
      for (std::uint32_t i = 0; i < 24; ++i) crowd.join(i == place ? how : manner::honest, 50ms);
      CAPTURE(static_cast<int>(how), place);
      REQUIRE(crowd.run_until(crowd.now + 10s));
      CAPTURE(milliseconds(crowd.now - time_point(1s)));
      // A round trip for the info dictionary, one more for the liar, one for the layers and one after its hashes.
      CHECK(crowd.now - time_point(1s) <= 4 * 50ms);
      for (const auto id : crowd.banned) CHECK(id == source_id{place});
    }
  }
}

TEST_CASE("many honest sources together send little more than one would") {
  for (const duration round_trip : {duration(1ms), duration(100ms)}) {
    metadata_crowd crowd(fake::share_of_many_files());
    for (std::uint32_t i = 0; i < 64; ++i) crowd.join(manner::honest, round_trip);
    REQUIRE(crowd.run_until(crowd.now + 10s));
    CHECK(crowd.now - time_point(1s) <= 2 * round_trip);
    CHECK(crowd.parts_sent <= 64 + 4 * crowd.parts());
    CHECK(crowd.banned.empty());
  }
}

TEST_CASE("a source that rejects when asked too fast is asked more slowly and delivers") {
  metadata_crowd crowd(fake::share_of_many_files());
  crowd.join(manner::fussy, 20ms);
  REQUIRE(crowd.run_until(crowd.now + 10s));
  CHECK(crowd.now - time_point(1s) <= 2s);
}

TEST_CASE("whoever is there, with one honest source that stays the share becomes known") {
  const fake::share small = fake::make_share(64 * KiB, [] {
    std::vector<std::uint64_t> sizes(500, 20 * KiB);
    for (std::size_t i = 0; i < 10; ++i) sizes[i * 40] = 200 * KiB + i * 64 * KiB;
    return sizes;
  }());
  duration longest{};
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
    metadata_crowd crowd(seed % 8 == 0 ? fake::share_of_many_files() : small);
    const std::uint32_t others = below(40);
    const std::uint32_t place = below(others + 1);
    const duration round_trip = 1ms * (1 + below(150));
    time_point joined;
    for (std::uint32_t i = 0; i <= others; ++i) {
      if (i == place) joined = crowd.now;
      const auto how = i == place ? manner::honest : static_cast<manner>(below(11));
      crowd.join(how, i == place ? round_trip : duration(1ms * (1 + below(300))));
      if (below(3) == 0) crowd.run_until(crowd.now + 1ms * below(400));
      const source_id leaver{below(i + 1)};
      if (below(6) == 0 && leaver != source_id{place}) crowd.leave(leaver);
    }
    REQUIRE(crowd.run_until(joined + 60s));
    longest = std::max(longest, crowd.now - joined);
    for (const auto id : crowd.banned) CHECK_FALSE(fake::is_honest(crowd.members[id.value()].how));
  }
  INFO("longest " << milliseconds(longest) << " ms");
  CHECK(longest <= 1s);
}
