#include "policy/bottleneck.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

namespace shoal {

namespace {

using std::chrono::milliseconds;

constexpr unsigned workers = 2;

bottleneck::source_sample brings(std::uint32_t number, std::uint64_t bytes) {
  return {.source = source_id{number}, .doing = source_activity::delivering, .bytes = bytes};
}

/// The finding after `count` samples, each made by `make(i)`.
template <class Make>
bottleneck::finding after(std::size_t count, Make make) {
  bottleneck measured;
  for (std::size_t i = 0; i < count; ++i) measured.on_sample(make(i), bottleneck::interval);
  return measured.find(workers);
}

}  // namespace

TEST_CASE("too few samples say nothing") {
  const auto steady = [](std::size_t) { return bottleneck::sample{.sources = {brings(0, 1000)}}; };
  CHECK(after(0, steady).what == limiter::unknown);
  CHECK(after(bottleneck::samples_min - 1, steady).what == limiter::unknown);
  CHECK(after(bottleneck::samples_min, steady).what == limiter::uplinks);
}

TEST_CASE("the rate is that of the last ten seconds") {
  const auto found = after(
      100, [](std::size_t i) { return bottleneck::sample{.sources = {brings(0, i < 60 ? 1'000'000 : 250'000)}}; });
  CHECK(found.rate == Approx(1e6));
}

TEST_CASE("sources that share a link are told from sources with links of their own") {
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 20'000);
  const auto count = GENERATE(std::size_t{2}, std::size_t{3}, std::size_t{8});
  const auto shared = after(bottleneck::samples_max, [&](std::size_t) {
    bottleneck::sample one;
    double left = 250'000.0 * static_cast<double>(count);
    for (std::uint32_t i = 0; i + 1 < count; ++i) {
      const double part = 250'000 + noise(random);
      left -= part;
      one.sources.push_back(brings(i, static_cast<std::uint64_t>(part)));
    }
    one.sources.push_back(brings(static_cast<std::uint32_t>(count) - 1, static_cast<std::uint64_t>(left)));
    return one;
  });
  CHECK(shared.what == limiter::downlink);
  CHECK(shared.sources.size() == count);
  const auto apart = after(bottleneck::samples_max, [&](std::size_t) {
    bottleneck::sample one;
    for (std::uint32_t i = 0; i < count; ++i) {
      one.sources.push_back(brings(i, static_cast<std::uint64_t>(250'000 + noise(random))));
    }
    return one;
  });
  CHECK(apart.what == limiter::uplinks);
  CHECK_FALSE(apart.only_guess);
}

TEST_CASE("what other downloads of this peer receive is on our downlink, too") {
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 20'000);
  const auto found = after(bottleneck::samples_max, [&](std::size_t) {
    const auto part = static_cast<std::uint64_t>(250'000 + noise(random));
    return bottleneck::sample{.sources = {brings(0, part)}, .others = 500'000 - part};
  });
  CHECK(found.what == limiter::downlink);
}

TEST_CASE("sources that bring something now and then do not tell") {
  const auto found = after(bottleneck::samples_max, [](std::size_t i) {
    return bottleneck::sample{.sources = {brings(0, 250'000), brings(1, i % 4 == 0 ? 100'000 : 0)}};
  });
  CHECK(found.what == limiter::uplinks);
  CHECK(found.only_guess);
}

TEST_CASE("a link is said to let through what it did in its best second") {
  const auto found = after(bottleneck::samples_max, [](std::size_t i) {
    return bottleneck::sample{.sources = {brings(0, i >= 8 && i < 12 ? 500'000 : 250'000)}};
  });
  CHECK(found.rate == Approx(1.1e6));
  CHECK(found.possible == Approx(2e6));
}

TEST_CASE("what was measured before a pause, and of sources that are gone, counts no more") {
  bottleneck measured;
  const bottleneck::sample two{.sources = {brings(0, 1000), brings(1, 1000)}};
  for (std::size_t i = 0; i < 20; ++i) measured.on_sample(two, bottleneck::interval);
  CHECK(measured.find(workers).sources == std::vector{source_id{0}, source_id{1}});
  measured.on_sample({.sources = {brings(1, 1000)}}, bottleneck::interval);
  CHECK(measured.find(workers).sources == std::vector{source_id{1}});
  measured.on_pause();
  CHECK(measured.find(workers).what == limiter::unknown);
}

TEST_CASE("one source alone does not tell its uplink from our downlink") {
  const auto found = after(bottleneck::samples_max, [](std::size_t) {
    return bottleneck::sample{.sources = {brings(0, 1000), {.source = source_id{1}}}};
  });
  CHECK(found.what == limiter::uplinks);
  CHECK(found.only_guess);
}

TEST_CASE("a limit counts when it is what sources wait for") {
  const auto make = [](bool waits, std::uint64_t limit) {
    return [=](std::size_t) {
      auto source = brings(0, 250'000);
      if (waits) source.doing = source_activity::limited;
      return bottleneck::sample{.sources = {source}, .own_limit = limit};
    };
  };
  const auto held = after(20, make(true, 1'000'000));
  CHECK(held.what == limiter::own_limit);
  CHECK(held.possible == 1e6);
  CHECK(held.limit == 1e6);
  CHECK(after(20, make(false, 1'000'000)).what == limiter::uplinks);
  // A source also waits when its peer has made too much work.
  CHECK(after(20, make(true, 0)).what == limiter::uplinks);
}

TEST_CASE("a limit of theirs counts when most bytes come from those who have it") {
  const auto make = [](std::uint64_t from_limited) {
    return [=](std::size_t) {
      auto limited = brings(0, from_limited);
      limited.their_limit = 400'000;
      return bottleneck::sample{.sources = {limited, brings(1, 100'000)}};
    };
  };
  const auto held = after(20, make(110'000));
  CHECK(held.what == limiter::their_limit);
  CHECK(held.limit == 400'000);
  CHECK(held.sources == std::vector{source_id{0}});
  CHECK(after(20, make(90'000)).what == limiter::uplinks);
}

TEST_CASE("when payload waits to be stored, the slower of disk and hashes holds it up") {
  const auto make = [](duration hashing, duration writing) {
    return [=](std::size_t) {
      return bottleneck::sample{.sources = {brings(0, 1'000'000)},
                                .disk_behind = true,
                                .hashing = hashing,
                                .writing = writing,
                                .stored = 1'000'000};
    };
  };
  const auto disk = after(20, make(milliseconds(50), milliseconds(500)));
  CHECK(disk.what == limiter::disk);
  CHECK(disk.possible == Approx(4e6));
  CHECK(after(20, make(milliseconds(500), milliseconds(50))).what == limiter::hashing);
}

TEST_CASE("workers that wait for a processor are not held up by the disk or the hashes") {
  const auto make = [](duration waiting) {
    return [=](std::size_t) {
      return bottleneck::sample{.sources = {brings(0, 1'000'000)},
                                .disk_behind = true,
                                .hashing = milliseconds(500),
                                .writing = milliseconds(200),
                                .waiting = waiting,
                                .stored = 1'000'000};
    };
  };
  const auto found = after(20, make(milliseconds(630)));
  CHECK(found.what == limiter::processor);
  CHECK(found.waits == Approx(0.9));
  CHECK(found.possible == Approx(2e6 / 0.7));
  CHECK(after(20, make(milliseconds(100))).what == limiter::hashing);
}

TEST_CASE("of a limit of the whole peer others take their part") {
  auto source = brings(0, 125'000);
  source.doing = source_activity::limited;
  const auto found = after(20, [&](std::size_t) {
    return bottleneck::sample{.sources = {source}, .others = 125'000, .own_limit = 1'000'000};
  });
  CHECK(found.what == limiter::own_limit);
  CHECK(found.limit == 1e6);
  CHECK(found.possible == Approx(0.5e6));
}

TEST_CASE("a disk that stands still holds it up, and not the sources that are not read") {
  const auto found =
      after(20, [](std::size_t) { return bottleneck::sample{.sources = {brings(0, 0)}, .disk_behind = true}; });
  CHECK(found.what == limiter::disk);
}

TEST_CASE("what comes from this disk is held up by this disk") {
  const auto found = after(20, [](std::size_t) {
    auto disk = brings(0, 1'000'000);
    disk.disk = true;
    return bottleneck::sample{.sources = {disk, brings(1, 1000)}};
  });
  CHECK(found.what == limiter::disk);
}

TEST_CASE("the processor holds it up if our thread never rests: it works, or waits for its turn") {
  const auto make = [](double works, double waits) {
    return [=](std::size_t) {
      return bottleneck::sample{.sources = {brings(0, 1'000'000)}, .works = works, .waits = waits};
    };
  };
  CHECK(after(20, make(0.95, 0)).what == limiter::processor);
  CHECK(after(20, make(0.3, 0.6)).what == limiter::processor);
  CHECK(after(20, make(0.3, 0.6)).waits == Approx(0.6));
  CHECK(after(20, make(0.3, 0.6)).possible == Approx(after(20, make(0.3, 0.6)).rate / 0.9));
  CHECK(after(20, make(0.1, 0.05)).what == limiter::uplinks);
  // The thread works for others.
  CHECK(after(20, [](std::size_t) {
          return bottleneck::sample{.sources = {brings(0, 1'000)}, .sent = 1'000'000, .works = 0.95};
        }).what == limiter::uplinks);
}

TEST_CASE("silence is told from slowness") {
  const auto found = after(bottleneck::samples_max,
                           [](std::size_t i) { return bottleneck::sample{.sources = {brings(0, i < 20 ? 1000 : 0)}}; });
  CHECK(found.what == limiter::nothing);
  CHECK(found.rate == 0);
  CHECK(after(bottleneck::samples_max, [](std::size_t i) {
          return bottleneck::sample{.sources = {brings(0, i % 4 == 0 ? 1000 : 0)}};
        }).what == limiter::uplinks);
}

}  // namespace shoal
