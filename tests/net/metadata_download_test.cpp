#include "peer/share/metadata_download.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <vector>

#include "tests/net/world.hpp"
#include "unit/policy/support/fake_share.hpp"

namespace shoal::testing {

namespace {

constexpr std::uint32_t info_piece = 16 * KiB;

/// Its info dictionary has several parts, and the first file has a layer.
metainfo_ptr several_parts() {
  std::vector<std::uint64_t> sizes(700, 20 * KiB);
  sizes[0] = 1 * MiB;
  return fake::make_share(64 * KiB, sizes).info;
}

/// A source that keeps what it is asked for, until the test lets it answer.
class test_source final : public source, public metadata_origin {
 public:
  explicit test_source(metainfo_ptr info) : info_(std::move(info)) {}

  source_limits limits() override { return {}; }
  source_name name() const override { return {}; }
  const bitmap& holds() const override { return holds_; }
  bool choking() const override { return false; }
  bool answers_all() const override { return true; }
  std::uint64_t their_limit() const override { return 0; }
  bool closed() const override { return false; }
  metadata_origin* metadata() override { return only_bytes ? nullptr : this; }
  void set_interested(bool) override {}
  void request(const byte_range&) override {}
  void cancel(const byte_range&) override {}
  void ban(std::optional<piece_index>) override { ++bans; }
  void look_after(time_point, bool) override {}

  std::uint32_t info_bytes() const override { return static_cast<std::uint32_t>(info_->info().size()); }
  void request_info(std::uint32_t piece) override { asked.emplace_back(info_piece_request{piece}); }
  std::uint32_t attributes_bytes() const override { return 0; }
  void request_attributes(std::uint32_t) override {}
  void request_hashes(const hash_range& range) override { asked.emplace_back(range); }

  /// Answers all that it was asked for so far.
  void answer(metadata_download& to) {
    for (const metadata_request& one : std::exchange(asked, {})) {
      if (const auto* part = std::get_if<info_piece_request>(&one)) {
        const std::size_t begin = std::size_t{part->piece} * info_piece;
        const byte_view all = info_->info();
        const byte_view piece = all.subspan(begin, std::min<std::size_t>(info_piece, all.size() - begin));
        byte_buffer data(piece.begin(), piece.end());
        if (lies) data[0] ^= 1;
        to.on_info_piece(*this, part->piece, info_bytes(), data);
      } else {
        const auto& range = std::get<hash_range>(one);
        const auto file = std::ranges::find(info_->files(), range.root, &file_entry::root);
        REQUIRE(file != info_->files().end());
        const file_index index{static_cast<std::uint32_t>(file - info_->files().begin())};
        const auto hashes = merkle_answer(info_->layer(index), range.base_height, range);
        REQUIRE(hashes.has_value());
        to.on_hashes(*this, range, *hashes);
      }
    }
  }
  /// Refuses all that it was asked for so far.
  void reject(metadata_download& to) {
    for (const metadata_request& one : std::exchange(asked, {})) {
      if (const auto* part = std::get_if<info_piece_request>(&one)) to.on_info_reject(*this, part->piece);
      if (const auto* range = std::get_if<hash_range>(&one)) to.on_hash_reject(*this, *range);
    }
  }

  bool only_bytes = false;
  bool lies = false;
  int bans = 0;
  std::vector<metadata_request> asked;

 private:
  metainfo_ptr info_;
  bitmap holds_;
};

struct fixture {
  metainfo_ptr info = several_parts();
  world w;
  source_list sources;
  metadata_download fetched{w.executor(), info->id(), nullptr, sources};
  std::optional<result<metainfo_ptr>> outcome;

  void begin() { w.tasks.spawn("metadata", run()); }
  awaitable<void> run() {
    auto known = co_await fetched.run();
    outcome.emplace(std::move(known));
  }
  /// Lets the sources answer, each in its turn, until the metadata is here.
  bool finish(std::initializer_list<test_source*> from) {
    return w.until([&] {
      for (test_source* one : from) {
        if (!outcome) one->answer(fetched);
      }
      return outcome.has_value();
    });
  }
};

}  // namespace

TEST_CASE("metadata comes from the first source that knows it", "[metadata_download]") {
  fixture f;
  test_source knows(f.info);
  test_source bytes(f.info);
  bytes.only_bytes = true;
  f.begin();
  f.fetched.offer(bytes);
  CHECK(!f.sources.uses(bytes));
  f.fetched.offer(knows);
  CHECK(f.sources.uses(knows));
  REQUIRE(f.finish({&knows}));
  REQUIRE(f.outcome->has_value());
  CHECK((**f.outcome)->id() == f.info->id());
  CHECK((**f.outcome)->has_layers());
  CHECK(!knows.number());
  CHECK(f.sources.in_use().empty());
}

TEST_CASE("what a source owes that rejects or goes is asked of the next", "[metadata_download]") {
  fixture f;
  test_source rejects(f.info);
  test_source goes(f.info);
  test_source stays(f.info);
  f.begin();
  f.fetched.offer(rejects);
  REQUIRE(!rejects.asked.empty());
  f.fetched.offer(goes);
  rejects.reject(f.fetched);
  REQUIRE(!goes.asked.empty());
  const source_id gone = *goes.number();
  f.sources.put_down(goes);
  f.fetched.offer(stays);
  CHECK(stays.asked.size() < goes.asked.size());
  f.fetched.on_gone(gone);
  CHECK(stays.asked.size() == goes.asked.size());
  // What it says after it is gone counts for nothing.
  goes.lies = true;
  goes.answer(f.fetched);
  CHECK(goes.bans == 0);
  REQUIRE(f.finish({&stays}));
  CHECK(f.outcome->has_value());
}

TEST_CASE("a source that lies about the metadata is banned", "[metadata_download]") {
  fixture f;
  test_source liar(f.info);
  test_source honest(f.info);
  liar.lies = true;
  f.begin();
  f.fetched.offer(liar);
  liar.answer(f.fetched);
  CHECK(liar.bans == 1);
  f.fetched.offer(honest);
  REQUIRE(f.finish({&honest}));
  CHECK(f.outcome->has_value());
  CHECK(honest.bans == 0);
}

TEST_CASE("metadata that nobody has is waited for until stop()", "[metadata_download]") {
  fixture f;
  test_source silent(f.info);
  f.begin();
  f.fetched.offer(silent);
  const std::size_t asked = silent.asked.size();
  f.fetched.stop();
  // Nothing is asked any more, whoever comes.
  test_source late(f.info);
  f.fetched.offer(late);
  silent.answer(f.fetched);
  CHECK(asked > 0);
  CHECK(silent.asked.empty());
  CHECK(late.asked.empty());
  REQUIRE(f.w.until([&] { return f.outcome.has_value(); }));
  REQUIRE(!f.outcome->has_value());
  CHECK(f.outcome->error().code == errc::cancelled);
  CHECK(!silent.number());
}

}  // namespace shoal::testing
