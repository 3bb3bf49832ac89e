#include "policy/attributes_fetch.hpp"

#include <catch2/catch.hpp>

namespace shoal {
namespace {

constexpr std::uint32_t part_bytes = 10;
constexpr source_id first{1};
constexpr source_id second{2};

struct fixture {
  attributes_fetch fetch{1000, part_bytes};
  time_point now{std::chrono::hours(1)};

  std::vector<std::uint32_t> asked(source_id source) {
    std::vector<std::uint32_t> parts;
    while (const auto request = fetch.next_request(now)) {
      CHECK(request->source == source);
      parts.push_back(request->part);
    }
    return parts;
  }
  void send(source_id source, std::uint32_t part, std::size_t bytes) {
    fetch.on_part(source, part, byte_buffer(bytes, static_cast<std::uint8_t>(part)), now);
  }
};

}  // namespace

TEST_CASE("one source sends the list in parts", "[attributes_fetch]") {
  fixture f;
  CHECK_FALSE(f.fetch.next_request(f.now));
  CHECK_FALSE(f.fetch.waiting());
  f.fetch.on_source(first, 25);
  f.fetch.on_source(second, 25);
  CHECK(f.asked(first) == std::vector<std::uint32_t>{0, 1, 2});
  CHECK(f.fetch.waiting());
  f.send(second, 0, 10);
  f.send(first, 0, 10);
  f.send(first, 1, 10);
  CHECK_FALSE(f.fetch.complete());
  f.send(first, 2, 5);
  REQUIRE(f.fetch.complete());
  CHECK_FALSE(f.fetch.waiting());
  CHECK(f.fetch.next_deadline() == never);
  CHECK(f.fetch.list().size() == 25);
  CHECK(f.fetch.list()[20] == 2);
  CHECK(f.asked(first).empty());
}

TEST_CASE("what a source has in flight is bounded", "[attributes_fetch]") {
  fixture f;
  f.fetch = {100'000, part_bytes};
  f.fetch.on_source(first, 100'000);
  CHECK(f.asked(first).size() == attributes_parts_asked_max);
  f.send(first, 0, 10);
  CHECK(f.asked(first) == std::vector<std::uint32_t>{attributes_parts_asked_max});
}

TEST_CASE("a source that is of no use is left out", "[attributes_fetch]") {
  fixture f;
  f.fetch.on_source(first, 25);
  f.fetch.on_source(second, 15);
  CHECK(f.asked(first).size() == 3);
  f.send(first, 0, 10);
  SECTION("refuses") {
    f.fetch.on_reject(first);
  }
  SECTION("is gone") {
    f.fetch.on_source_gone(first);
  }
  SECTION("sends out of order") {
    f.send(first, 2, 10);
  }
  SECTION("sends too much") {
    f.send(first, 1, 11);
  }
  SECTION("sends nothing") {
    f.send(first, 1, 0);
  }
  SECTION("sends what it was not asked for") {
    f.send(first, 7, 10);
  }
  SECTION("is silent") {
    CHECK(f.fetch.next_deadline() == f.now + attributes_silence_max);
    f.fetch.on_deadline(f.now + attributes_silence_max - std::chrono::milliseconds(1));
    CHECK(f.fetch.waiting());
    f.now += attributes_silence_max;
    f.fetch.on_deadline(f.now);
  }
  SECTION("sends nonsense") {
    f.send(first, 1, 10);
    f.send(first, 2, 5);
    REQUIRE(f.fetch.complete());
    f.fetch.on_nonsense();
  }
  CHECK_FALSE(f.fetch.complete());
  CHECK(f.asked(second) == std::vector<std::uint32_t>{0, 1});
  f.send(first, 1, 10);
  f.send(second, 0, 10);
  f.send(second, 1, 5);
  CHECK(f.fetch.complete());
  CHECK(f.fetch.list().size() == 15);
}

TEST_CASE("a list that the share cannot have is not asked for", "[attributes_fetch]") {
  fixture f;
  f.fetch.on_source(first, 1001);
  f.fetch.on_source(second, 0);
  CHECK_FALSE(f.fetch.next_request(f.now));
  CHECK_FALSE(f.fetch.waiting());
}

}  // namespace shoal
