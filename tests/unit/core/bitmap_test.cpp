#include "core/bitmap.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace shoal;

TEST_CASE("a bitmap counts its bits") {
  bitmap bits(130);
  CHECK(bits.none());
  CHECK(bits.set(0));
  CHECK(bits.set(129));
  CHECK_FALSE(bits.set(129));
  CHECK(bits.count() == 2);
  CHECK(bits.test(129));
  CHECK(bits.reset(129));
  CHECK_FALSE(bits.reset(129));
  CHECK(bits.count() == 1);
  bits.set_all();
  CHECK(bits.all());
  CHECK(bits.count() == 130);
}

TEST_CASE("set_all leaves no bit beyond the end") {
  for (const std::uint32_t size : {0u, 1u, 63u, 64u, 65u, 128u}) {
    bitmap bits(size);
    bits.set_all();
    bitmap one_by_one(size);
    for (std::uint32_t i = 0; i < size; ++i) one_by_one.set(i);
    CHECK(bits == one_by_one);
    CHECK(bits.next_set(size) == size);
  }
}

TEST_CASE("two bitmaps are compared bit by bit") {
  std::mt19937 random(2);
  bitmap some(1000);
  bitmap others(1000);
  for (int i = 0; i < 200; ++i) {
    some.set(static_cast<std::uint32_t>(random() % 1000));
    others.set(static_cast<std::uint32_t>(random() % 1000));
  }
  bitmap common(1000);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    if (some.test(i) && others.test(i)) common.set(i);
  }
  CHECK(some.count_common(others) == common.count());
  for (std::uint32_t from = 0; from <= 1000; ++from) {
    CHECK(some.next_common(others, from) == common.next_set(from));
  }
  CHECK(common.within(some));
  CHECK(common.within(others));
  CHECK_FALSE(some.within(others));
  CHECK(bitmap(1000).within(some));
}

TEST_CASE("next_set visits exactly the set bits") {
  std::mt19937 random(1);
  bitmap bits(1000);
  for (int i = 0; i < 60; ++i) bits.set(static_cast<std::uint32_t>(random() % 1000));
  std::uint32_t visited = 0;
  for (std::uint32_t i = bits.next_set(0); i < bits.size(); i = bits.next_set(i + 1)) {
    CHECK(bits.test(i));
    ++visited;
  }
  CHECK(visited == bits.count());
}

TEST_CASE("a bitfield has its first bit on top and round-trips") {
  bitmap bits(10);
  bits.set(0);
  bits.set(9);
  CHECK(bits.to_bytes() == byte_buffer{0x80, 0x40});
  CHECK(bitmap::from_bytes(byte_buffer{0x80, 0x40}, 10) == bits);
}

TEST_CASE("a bitfield of the wrong length or with spare bits set gives nothing") {
  CHECK_FALSE(bitmap::from_bytes(byte_buffer{0x80}, 10));
  CHECK_FALSE(bitmap::from_bytes(byte_buffer{0x80, 0, 0}, 10));
  CHECK_FALSE(bitmap::from_bytes(byte_buffer{0x80, 0x20}, 10));
  CHECK(bitmap::from_bytes({}, 0));
}
