#include "policy/read_ahead.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

using namespace shoal;
using namespace std::chrono_literals;

namespace {

std::vector<std::uint32_t> numbers(const std::vector<piece_index>& pieces) {
  std::vector<std::uint32_t> all;
  for (const piece_index one : pieces) all.push_back(one.value());
  return all;
}

using list = std::vector<std::uint32_t>;
constexpr time_point begin{1s};
const bitmap none(1000);

address_group origin(std::uint8_t number) {
  const std::array<std::uint8_t, 4> bytes{192, 0, 2, number};
  return address_group::of_v4(bytes);
}

}  // namespace

TEST_CASE("a reader of unknown rate reads a little ahead") {
  read_ahead all(1 * MiB, 64);
  CHECK(all.empty());
  all.on_reader({}, piece_index{10}, piece_index{90}, begin);
  CHECK(numbers(all.urgent(none, begin)) == list{10, 11, 12, 13, 14});
}

TEST_CASE("nothing behind the last piece is urgent") {
  read_ahead all(1 * MiB, 64);
  auto one = all.on_reader({}, piece_index{10}, piece_index{12}, begin);
  CHECK(numbers(all.urgent(none, begin)) == list{10, 11, 12});
  all.on_read(one, piece_index{12}, 2 * MiB, begin);
  CHECK(numbers(all.urgent(none, begin)) == list{12});
  all.on_gone(one);
  CHECK(all.urgent(none, begin).empty());
  CHECK(all.empty());
}

TEST_CASE("how far is read ahead follows the rate of the reader") {
  read_ahead all(1 * MiB, 64);
  auto one = all.on_reader({}, piece_index{0}, piece_index{999}, begin);
  time_point now = begin;
  std::uint32_t at = 0;
  // 2 MiB a second for 20 seconds, then a quarter of that.
  for (; at < 40; ++at) all.on_read(one, piece_index{at + 1}, 1 * MiB, now += 500ms);
  CHECK(all.urgent(none, now).size() >= 15);
  CHECK(all.urgent(none, now).size() <= 25);
  for (; at < 50; ++at) all.on_read(one, piece_index{at + 1}, 1 * MiB, now += 2s);
  CHECK(all.urgent(none, now).size() <= 8);
}

TEST_CASE("readers of one origin take turns, and a piece is named once") {
  read_ahead all(1 * MiB, 8);
  all.on_reader({}, piece_index{11}, piece_index{90}, begin);
  all.on_reader({}, piece_index{10}, piece_index{90}, begin);
  all.on_reader({}, piece_index{50}, piece_index{90}, begin);
  CHECK(numbers(all.urgent(none, begin)) == list{10, 50, 11, 51, 12, 52, 13, 53});
}

TEST_CASE("a crowd at one address leaves others their turns") {
  read_ahead all(1 * MiB, 8);
  for (std::uint32_t i = 0; i < 100; ++i) all.on_reader(origin(1), piece_index{i * 7}, piece_index{900}, begin);
  all.on_reader(origin(2), piece_index{901}, piece_index{990}, begin);
  const list named = numbers(all.urgent(none, begin));
  CHECK(named.size() == 8);
  CHECK(std::ranges::count_if(named, [](std::uint32_t one) { return one > 900; }) == 4);
  // Each of the crowd has its turn some time.
  CHECK(numbers(all.urgent(none, begin)) != named);
}

TEST_CASE("what is verified is not urgent") {
  read_ahead all(1 * MiB, 64);
  bitmap verified(1000);
  for (const std::uint32_t piece : {10u, 12u, 13u}) verified.set(piece);
  all.on_reader({}, piece_index{10}, piece_index{90}, begin);
  CHECK(numbers(all.urgent(verified, begin)) == list{11, 14});
}
