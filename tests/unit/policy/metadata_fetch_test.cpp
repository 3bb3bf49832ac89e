#include "policy/metadata_fetch.hpp"

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <vector>

#include "core/sha256.hpp"
#include "unit/policy/support/fake_share.hpp"

using namespace shoal;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t info_piece = 16 * KiB;

/// Many files, so that the info dictionary has several pieces; two of them have layers.
fake::share many_files() {
  std::vector<std::uint64_t> sizes(700, 20 * KiB);
  sizes[3] = 300 * KiB;
  sizes[500] = 70 * MiB;
  return fake::make_share(64 * KiB, sizes);
}

struct fetching {
  fake::share content = many_files();
  byte_view info = content.info->info();
  std::uint32_t info_bytes = static_cast<std::uint32_t>(info.size());
  metadata_fetch fetch{content.info->id()};
  time_point now{1s};

  ~fetching() { fetch.check_invariants(); }

  source_id join(std::uint32_t number) { return join(number, info_bytes); }
  source_id join(std::uint32_t number, std::uint32_t claimed_bytes) {
    fetch.on_source(source_id{number}, claimed_bytes, now);
    return source_id{number};
  }

  std::vector<metadata_fetch::request> ask(source_id source) {
    std::vector<metadata_fetch::request> requests;
    while (const auto request = fetch.next_request(source, now)) requests.push_back(*request);
    return requests;
  }

  std::vector<digest> hashes(const hash_range& range) const {
    for (std::uint32_t i = 0; i < content.info->files().size(); ++i) {
      if (content.info->files()[i].root != range.root) continue;
      const auto answer = merkle_answer(content.info->layer(file_index{i}), range.base_height, range);
      REQUIRE(answer.has_value());
      return *answer;
    }
    return {};
  }

  void answer(source_id source, const metadata_fetch::request& request, bool lie = false) {
    if (const auto* piece = std::get_if<metadata_fetch::info_request>(&request)) {
      const std::size_t begin = std::size_t{piece->piece} * info_piece;
      REQUIRE(begin < info.size());
      const auto part = info.subspan(begin, std::min<std::size_t>(info_piece, info.size() - begin));
      byte_buffer data(part.begin(), part.end());
      if (lie) data[0] ^= 1;
      fetch.on_info_piece(source, piece->piece, info_bytes, data, now);
    } else {
      const auto& range = std::get<hash_range>(request);
      auto values = hashes(range);
      if (lie) values[0].bytes[0] ^= 1;
      fetch.on_hashes(source, range, values, now);
    }
    fetch.check_invariants();
  }

  /// Sources answer everything that they are asked for.
  void run(std::initializer_list<source_id> sources) {
    for (bool active = true; active;) {
      active = false;
      for (const auto source : sources) {
        for (const auto& request : ask(source)) {
          answer(source, request);
          active = true;
        }
      }
    }
  }
};

}  // namespace

TEST_CASE_METHOD(fetching, "info dictionary and layers are collected from one source") {
  const auto ann = join(1);
  CHECK_FALSE(fetch.known());
  run({ann});
  REQUIRE(fetch.complete());
  CHECK(fetch.known()->id() == content.info->id());
  CHECK(fetch.complete()->has_layers());
  CHECK(fetch.complete()->to_torrent() == content.info->to_torrent());
  CHECK_FALSE(fetch.failure());
  CHECK(fetch.next_deadline() == never);
}

TEST_CASE_METHOD(fetching, "requests are spread over the sources and none is asked for twice") {
  REQUIRE(info_bytes > 3 * info_piece);
  const auto ann = join(1);
  const auto bob = join(2);
  const auto first = fetch.next_request(ann, now);
  const auto second = fetch.next_request(bob, now);
  REQUIRE(first);
  REQUIRE(second);
  CHECK_FALSE(*first == *second);
  answer(ann, *first);
  answer(bob, *second);
  run({ann, bob});
  CHECK(fetch.complete());
}

TEST_CASE_METHOD(fetching, "no more requests are in flight at one source than allowed") {
  const auto ann = join(1, 60 * MiB);
  CHECK(ask(ann).size() == metadata_bytes_max / info_piece);
}

TEST_CASE_METHOD(fetching, "what a silent source was asked for goes to another") {
  const auto ann = join(1);
  const auto lost = ask(ann);
  const auto bob = join(2);
  CHECK(fetch.next_deadline() == now + metadata_deadline);
  now += metadata_deadline;
  fetch.on_deadline(now);
  CHECK(ask(ann).empty());
  const auto again = ask(bob);
  CHECK(again.size() == lost.size());
  // It was only late.
  answer(ann, lost[0]);
  for (std::size_t i = 1; i < again.size(); ++i) answer(bob, again[i]);
  run({ann, bob});
  CHECK(fetch.complete());
}

TEST_CASE_METHOD(fetching, "a source that dropped what it was asked for is asked again") {
  const auto ann = join(1);
  REQUIRE_FALSE(ask(ann).empty());
  now = fetch.next_deadline();
  fetch.on_deadline(now);
  CHECK(ask(ann).empty());
  CHECK(fetch.next_deadline() == now + silence_pause);
  now = fetch.next_deadline();
  fetch.on_deadline(now);
  run({ann});
  CHECK(fetch.complete());
}

TEST_CASE_METHOD(fetching, "a source that rejects is asked again later, others at once") {
  const auto ann = join(1);
  for (const auto& request : ask(ann)) {
    fetch.on_info_reject(ann, std::get<metadata_fetch::info_request>(request).piece, now);
  }
  CHECK(ask(ann).empty());
  const auto bob = join(2);
  CHECK_FALSE(ask(bob).empty());
  fetch.on_source_gone(bob, now);
  CHECK(ask(ann).empty());
  now = fetch.next_deadline();
  fetch.on_deadline(now);
  run({ann});
  CHECK(fetch.complete());
}

TEST_CASE_METHOD(fetching, "who alone delivers a wrong info dictionary is banned") {
  const auto liar = join(1);
  for (auto requests = ask(liar); !requests.empty(); requests = ask(liar)) {
    for (const auto& request : requests) answer(liar, request, true);
  }
  CHECK(fetch.next_ban() == liar);
  CHECK_FALSE(fetch.next_ban());
  CHECK_FALSE(fetch.known());
  const auto ann = join(2);
  run({liar, ann});
  CHECK(fetch.complete());
}

TEST_CASE_METHOD(fetching, "a liar among several is found by asking one at a time, and nobody else is banned") {
  const auto liar = join(1);
  const auto ann = join(2);
  std::vector<source_id> banned;
  for (int round = 0; round < 100 && !fetch.complete(); ++round) {
    for (const auto source : {liar, ann}) {
      if (const auto request = fetch.next_request(source, now)) answer(source, *request, source == liar);
    }
    while (const auto one = fetch.next_ban()) banned.push_back(*one);
  }
  CHECK(fetch.complete());
  CHECK(banned == std::vector{liar});
}

TEST_CASE_METHOD(fetching, "sizes are claims: each size is collected by itself and none beyond the limit") {
  const auto greedy = join(1, 0xffffffff);
  const auto wrong = join(2, info_bytes + 5);
  const auto none = join(3, 0);
  CHECK(ask(greedy).empty());
  CHECK(ask(none).empty());
  const auto asked = ask(wrong);
  REQUIRE_FALSE(asked.empty());
  // Says another size in its answer than it claimed.
  answer(wrong, asked[0]);
  CHECK(ask(wrong).empty());
  const auto ann = join(4);
  run({greedy, wrong, none, ann});
  CHECK(fetch.complete());
  CHECK_FALSE(fetch.next_ban());
}

TEST_CASE_METHOD(fetching, "of many claimed sizes each is asked for at once") {
  for (std::uint32_t i = 1; i <= 200; ++i) CHECK_FALSE(ask(join(i, 1000 * i)).empty());
  const auto ann = join(1000);
  run({ann});
  CHECK(fetch.complete());
}

TEST_CASE_METHOD(fetching, "pieces of a wrong length and answers to nothing are not taken") {
  const auto ann = join(1);
  fetch.on_info_piece(ann, 0, info_bytes, info.first(info_piece), now);
  fetch.on_info_piece(ann, 4000000000, info_bytes, {}, now);
  fetch.on_info_piece(source_id{77}, 0, info_bytes, {}, now);
  fetch.on_hashes(ann, hash_range{}, {}, now);
  fetch.on_info_reject(ann, 5, now);
  const auto asked = ask(ann);
  fetch.on_info_piece(ann, 0, info_bytes, info.first(10), now);
  CHECK(ask(ann).empty());
  const auto bob = join(2);
  run({bob});
  CHECK(fetch.complete());
  CHECK(asked.size() >= 2);
}

TEST_CASE_METHOD(fetching, "wrong hashes ban their sender and are asked of others") {
  const auto liar = join(1);
  const auto ann = join(2, 0);
  while (!fetch.known()) {
    for (const auto& request : ask(liar)) answer(liar, request);
  }
  CHECK_FALSE(fetch.complete());
  const auto asked = ask(liar);
  REQUIRE_FALSE(asked.empty());
  answer(liar, asked[0], true);
  CHECK(fetch.next_ban() == liar);
  run({liar, ann});
  CHECK(fetch.complete());
}

TEST_CASE("layers alone are fetched for an info dictionary that is known") {
  fetching base;
  const auto without = metainfo::from_info(base.info);
  REQUIRE(without.has_value());
  metadata_fetch fetch(*without);
  CHECK(fetch.known());
  CHECK_FALSE(fetch.complete());
  const source_id ann{1};
  fetch.on_source(ann, 0, base.now);
  while (const auto request = fetch.next_request(ann, base.now)) {
    const auto& range = std::get<hash_range>(*request);
    CHECK(range.count <= hashes_per_request_max);
    fetch.on_hashes(ann, range, base.hashes(range), base.now);
    fetch.check_invariants();
  }
  REQUIRE(fetch.complete());
  CHECK(fetch.complete()->to_torrent() == base.content.info->to_torrent());
}

TEST_CASE("an info dictionary that is right but refused ends the fetch with its reason") {
  const std::string text = "d4:name1:xe";
  const auto id = share_id::from_bytes(sha256(as_bytes(text)).view());
  metadata_fetch fetch(*id);
  const time_point now{1s};
  const source_id ann{1};
  fetch.on_source(ann, static_cast<std::uint32_t>(text.size()), now);
  REQUIRE(fetch.next_request(ann, now));
  fetch.on_info_piece(ann, 0, static_cast<std::uint32_t>(text.size()), as_bytes(text), now);
  REQUIRE(fetch.failure());
  CHECK_FALSE(fetch.failure()->text.empty());
  CHECK_FALSE(fetch.next_request(ann, now));
  fetch.check_invariants();
}
