#include "policy/info_claims.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <vector>

#include "core/sha256.hpp"

using namespace shoal;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t part = metadata_piece_bytes;

struct claiming {
  explicit claiming(std::uint32_t honest_bytes, std::uint64_t bytes_max = claims_bytes_max)
      : info(honest_bytes, 7), claims(share_id::from_bytes(sha256(info).view()).value(), bytes_max) {}

  byte_buffer info;
  info_claims claims;
  time_point now{1s};
  std::set<source_id> liars;

  void join(std::uint32_t number, std::uint32_t total_bytes) { claims.on_source(source_id{number}, total_bytes); }

  info_claims::answer answer(std::uint32_t number, std::uint32_t piece, bool lie = false) {
    const std::size_t begin = std::size_t{piece} * part;
    byte_buffer data(info.begin() + static_cast<long>(begin),
                     info.begin() + static_cast<long>(std::min<std::size_t>(begin + part, info.size())));
    if (lie) data[0] ^= 1;
    return answer(number, piece, data);
  }
  info_claims::answer answer(std::uint32_t number, std::uint32_t piece, byte_view data) {
    const auto result = claims.on_piece(source_id{number}, piece, data, now);
    claims.check_invariants();
    while (const auto liar = claims.next_liar()) {
      liars.insert(*liar);
      claims.on_source_lost(*liar);
    }
    claims.check_invariants();
    return result;
  }

  std::optional<std::uint32_t> ask(std::uint32_t number, bool duplicate = false) {
    return claims.next_piece(source_id{number}, duplicate, now);
  }

  /// A liar that claims `total_bytes` delivers up to `count` parts of nonsense; how many it was asked for.
  std::uint32_t deliver_nonsense(std::uint32_t number, std::uint32_t total_bytes, std::uint32_t count) {
    const byte_buffer nonsense(part);
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto piece = ask(number);
      if (!piece) return i;
      answer(number, *piece, byte_view(nonsense).first(std::min(part, total_bytes - *piece * part)));
    }
    return count;
  }
};

}  // namespace

TEST_CASE("those who claim one size collect together") {
  claiming all(3 * part);
  all.join(1, 3 * part);
  all.join(2, 3 * part);
  CHECK_FALSE(all.claims.alone(source_id{1}));
  CHECK(all.ask(1) == 0u);
  CHECK(all.ask(2) == 1u);
  CHECK(all.ask(1) == 2u);
  CHECK_FALSE(all.ask(2));
  CHECK(all.ask(2, true) == 2u);
  CHECK(all.answer(1, 0) == info_claims::answer::kept);
  CHECK(all.answer(2, 1) == info_claims::answer::kept);
  CHECK_FALSE(all.claims.found());
  CHECK(all.answer(2, 2) == info_claims::answer::kept);
  REQUIRE(all.claims.found());
  CHECK(*all.claims.found() == all.info);
  CHECK(all.answer(1, 2) == info_claims::answer::not_needed);
  CHECK(all.liars.empty());
}

TEST_CASE("after a wrong dictionary each source collects its own, from what it sent already") {
  claiming all(3 * part);
  for (const std::uint32_t number : {1u, 2u, 3u}) all.join(number, 3 * part);
  for (const std::uint32_t piece : {0u, 1u, 2u}) CHECK(all.ask(piece + 1) == piece);
  all.answer(1, 0);
  all.answer(2, 1, true);
  all.answer(3, 2);
  CHECK(all.liars.empty());
  CHECK(all.claims.held_bytes() == 3 * part);
  // All at once, and nobody for what it sent.
  CHECK(all.claims.alone(source_id{1}));
  CHECK(all.ask(1) == 1u);
  CHECK(all.ask(2) == 0u);
  CHECK(all.ask(2) == 2u);
  CHECK(all.ask(3) == 0u);
  CHECK(all.ask(1) == 2u);
  all.answer(2, 0);
  all.answer(2, 2);
  CHECK(all.liars == std::set{source_id{2}});
  all.answer(1, 1);
  all.answer(1, 2);
  CHECK(all.claims.found());
  CHECK(all.liars == std::set{source_id{2}});
}

TEST_CASE("whose part turns out to be wrong is a liar, though its own dictionary is not complete") {
  claiming all(3 * part);
  for (const std::uint32_t number : {1u, 2u, 3u}) all.join(number, 3 * part);
  for (const std::uint32_t piece : {0u, 1u, 2u}) all.ask(piece + 1);
  for (const std::uint32_t piece : {0u, 1u, 2u}) all.answer(piece + 1, piece, piece == 1);
  all.ask(1);
  all.ask(1);
  all.answer(1, 1);
  all.answer(1, 2);
  CHECK(all.claims.found());
  CHECK(all.liars == std::set{source_id{2}});
}

TEST_CASE("who alone sent a wrong dictionary is named at once") {
  claiming all(2 * part);
  all.join(1, 2 * part);
  all.join(2, 2 * part);
  all.ask(1);
  all.ask(1);
  all.answer(1, 0, true);
  all.answer(1, 1);
  CHECK(all.liars == std::set{source_id{1}});
  CHECK(all.claims.held_bytes() == 0);
}

TEST_CASE("data of a size that the part cannot have is not taken") {
  claiming all(2 * part + 5);
  all.join(1, 2 * part + 5);
  CHECK(all.claims.on_piece(source_id{1}, 2, all.info, all.now) == info_claims::answer::wrong_size);
  CHECK(all.claims.on_piece(source_id{1}, 3, byte_view(), all.now) == info_claims::answer::wrong_size);
  CHECK(all.claims.on_piece(source_id{9}, 0, byte_view(), all.now) == info_claims::answer::not_needed);
  CHECK(all.answer(1, 2) == info_claims::answer::kept);
}

TEST_CASE("liars that deliver fast hold no more than the bound, and the smaller claim goes on unhindered") {
  constexpr std::uint64_t bound = 40 * part;
  claiming all(20 * part, bound);
  for (std::uint32_t i = 0; i < 24; ++i) all.join(i, 30 * part + i);
  std::uint32_t delivered = 0;
  for (int round = 0; round < 4; ++round) {
    for (std::uint32_t i = 0; i < 24; ++i) delivered += all.deliver_nonsense(i, 30 * part + i, 6);
  }
  CHECK(delivered > 40);
  CHECK(all.claims.held_bytes() > bound - part);
  all.join(100, 20 * part);
  for (std::uint32_t piece = 0; piece < 20; ++piece) {
    CHECK(all.ask(100) == piece);
    CHECK(all.answer(100, piece) == info_claims::answer::kept);
    for (std::uint32_t i = 0; i < 24; ++i) all.deliver_nonsense(i, 30 * part + i, 2);
  }
  CHECK(all.claims.found());
}

TEST_CASE("a claim that is larger than those of fast liars comes when they are found out") {
  claiming all(35 * part, 40 * part);
  all.join(100, 35 * part);
  for (std::uint32_t i = 0; i < 24; ++i) all.join(i, 30 * part + i);
  int rounds = 0;
  for (; !all.claims.found(); ++rounds) {
    REQUIRE(rounds < 1000);
    for (std::uint32_t i = 0; i < 24; ++i) {
      if (!all.liars.contains(source_id{i})) all.deliver_nonsense(i, 30 * part + i, 4);
    }
    for (int i = 0; i < 4; ++i) {
      if (const auto piece = all.ask(100)) all.answer(100, *piece);
    }
    all.now += 5ms;
  }
  CHECK_FALSE(all.liars.contains(source_id{100}));
}

TEST_CASE("what liars hold and do not complete makes room when it is late") {
  claiming all(35 * part, 40 * part);
  for (std::uint32_t i = 0; i < 2; ++i) {
    all.join(i, 21 * part - i);
    CHECK(all.deliver_nonsense(i, 21 * part - i, 20) == 20);
  }
  all.join(100, 35 * part);
  CHECK_FALSE(all.ask(100));
  CHECK(all.claims.next_time(source_id{100}, false) == all.now + claim_late_after);
  all.now = all.claims.next_time(source_id{100}, false);
  for (std::uint32_t piece = 0; piece < 35; ++piece) {
    CHECK(all.ask(100) == piece);
    CHECK(all.answer(100, piece) == info_claims::answer::kept);
  }
  CHECK(all.claims.found());
}

TEST_CASE("the late make room before the large") {
  claiming all(20 * part, 40 * part);
  all.join(1, 25 * part);
  all.join(2, 30 * part);
  CHECK(all.deliver_nonsense(1, 25 * part, 20) == 20);
  all.now += claim_late_after;
  CHECK(all.deliver_nonsense(2, 30 * part, 20) == 20);
  all.join(3, 20 * part);
  CHECK(all.ask(3) == 0u);
  CHECK(all.answer(3, 0) == info_claims::answer::kept);
  CHECK(all.claims.held_bytes() == 21 * part);
  all.claims.on_source_lost(source_id{1});
  CHECK(all.claims.held_bytes() == 21 * part);
}

TEST_CASE("whatever comes, the bound holds and an honest source is not called a liar") {
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
    const std::uint32_t honest_bytes = 1 + below(12 * part);
    claiming all(honest_bytes, 16 * part);
    const auto claim_of = [&](std::uint32_t i) {
      return i % 3 == 0 ? honest_bytes : 1 + (i * 7919 + seed * 104729) % (14 * part);
    };
    std::set<std::uint32_t> present;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> asked;
    all.join(0, honest_bytes);
    for (int step = 0; step < 4000 && !all.claims.found(); ++step) {
      all.now += 1ms * below(30);
      const std::uint32_t i = below(12);
      if (i > 0 && !present.contains(i) && !all.liars.contains(source_id{i})) {
        present.insert(i);
        all.join(i, claim_of(i));
      } else if (i > 0 && below(40) == 0) {
        present.erase(i);
        all.claims.on_source_lost(source_id{i});
        std::erase_if(asked, [&](const auto& row) { return row.first == i; });
      } else if (below(2) == 0) {
        if (const auto piece = all.ask(i, below(2) == 0)) asked.emplace_back(i, *piece);
      } else if (!asked.empty()) {
        const auto [from, piece] = asked[below(static_cast<std::uint32_t>(asked.size()))];
        std::erase(asked, std::pair(from, piece));
        const bool right_size = from % 3 == 0;
        if (from > 0 && below(8) == 0) {
          all.claims.on_given_back(source_id{from}, piece);
        } else if (right_size) {
          all.answer(from, piece, from > 0 && below(3) == 0);
        } else {
          all.answer(from, piece, byte_buffer(std::min(part, claim_of(from) - piece * part)));
        }
      }
      for (const auto liar : all.liars) present.erase(liar.value());
      std::erase_if(asked, [&](const auto& row) { return all.liars.contains(source_id{row.first}); });
      all.claims.check_invariants();
    }
    CHECK_FALSE(all.liars.contains(source_id{0}));
    CHECK(all.claims.found());
  }
}
