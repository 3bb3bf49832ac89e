#include "peer/sources/local_source.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/net/world.hpp"
#include "tests/unit/store/sample_share.hpp"

namespace shoal::testing {

namespace {

/// Takes all that a source says, and what it delivers.
class test_listener final : public source_listener {
 public:
  test_listener(buffer_pool& buffers, metainfo_ptr wanted) : buffers_(buffers), wanted_(std::move(wanted)) {}

  std::size_t ready = 0;
  std::size_t holds = 0;
  std::vector<byte_range> begun;
  std::vector<byte_range> ended;
  std::vector<byte_range> rejected;
  std::uint64_t bytes = 0;
  std::uint64_t blocks_right = 0;
  std::uint64_t blocks_wrong = 0;

 private:
  void on_source_ready(source& from) override {
    ++ready;
    from.take_up(source_id{static_cast<std::uint32_t>(ready)});
  }
  void on_source_gone(source&) override {}
  void on_holds(source&) override { ++holds; }
  void on_have(source&, piece_index) override {}
  void on_hint(source&, const wire::pieces_hint&) override {}
  void on_choke(source&) override {}
  void on_unchoke(source&) override {}
  void on_reject(source&, const byte_range& range) override { rejected.push_back(range); }
  bool on_piece_begin(source&, const byte_range& range) override {
    begun.push_back(range);
    return true;
  }
  void on_bytes(source&, std::uint32_t more) override { bytes += more; }
  void on_blocks(source&, const byte_range& range, buffer_pool::buffer buffer) override {
    std::vector<digest> leaves(blocks_of(range.bytes));
    sha256_leaves(byte_view(buffer.get(), range.bytes), leaves);
    // All pieces of the tests are asked for whole.
    const file_index file = wanted_->shape().piece_file(range.piece);
    const bool only = wanted_->shape().file_pieces(file) == 1;
    const digest root = piece_root(leaves, wanted_->shape().piece_bytes() / block_bytes, only);
    (root == wanted_->piece_hash(range.piece) ? blocks_right : blocks_wrong) += leaves.size();
    buffers_.release(std::move(buffer));
  }
  void on_piece_end(source&, const byte_range& range) override { ended.push_back(range); }
  void on_limited(source&) override {}
  void on_limit_passed(source&) override {}
  double rate_of(const source&) const override { return 0; }
  void on_info_piece(source&, std::uint32_t, std::uint32_t, byte_view) override {}
  void on_info_reject(source&, std::uint32_t) override {}
  void on_attributes_part(source&, std::uint32_t, byte_view) override {}
  void on_attributes_reject(source&) override {}
  void on_hashes(source&, const hash_range&, std::span<const digest>) override {}
  void on_hash_reject(source&, const hash_range&) override {}

  buffer_pool& buffers_;
  metainfo_ptr wanted_;
};

void write_file(const std::filesystem::path& path, std::size_t bytes, char seed) {
  std::filesystem::create_directories(path.parent_path());
  std::string content(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) content[i] = static_cast<char>(seed + static_cast<char>(i * 31 + i / 251));
  std::ofstream(path, std::ios::binary) << content;
}

// A folder of two files that is here, and the same two under other names that are wanted.
struct fixture {
  fixture() {
    write_file(directory.path() / "here" / "a", 200'000, 1);
    write_file(directory.path() / "here" / "b", 70'000, 2);
    here = test::sample_of(directory.path() / "here");
    write_file(directory.path() / "wanted" / "x", 200'000, 1);
    write_file(directory.path() / "wanted" / "y", 70'000, 2);
    wanted = test::sample_of(directory.path() / "wanted");
    auto files = content_files::open_complete(here.path, here.info, here.signatures, cache);
    REQUIRE(files);
    bitmap all(here.info->shape().piece_count());
    all.set_all();
    content.push_back({{here.info, all}, *files, [this](piece_index piece) { doubted.push_back(piece); }});
    listener = std::make_unique<test_listener>(buffers, wanted.info);
    disk = std::make_unique<local_source>(w.executor(), workers, buffers, *listener, wanted.info);
    bitmap missing(wanted.info->shape().piece_count());
    missing.set_all();
    const std::vector<known_pieces> known{content.front().pieces};
    disk->add(find_same_content(*wanted.info, missing, known), content);
    w.tasks.spawn("disk", disk->run());
    REQUIRE(w.until([this] { return listener->ready == 1; }));
  }
  ~fixture() {
    disk->stop();
    CHECK(w.drain());
    CHECK(buffers.in_use() == 0);
    workers.join();
  }

  byte_range whole(std::uint32_t piece) const {
    return {piece_index{piece}, 0, wanted.info->shape().piece_size(piece_index{piece})};
  }
  void ask_for_all() {
    for (std::uint32_t i = 0; i < disk->holds().size(); ++i) {
      if (disk->holds().test(i)) disk->request(whole(i));
    }
  }

  world w;
  test::temporary_directory directory;
  asio::thread_pool workers{2};
  buffer_pool buffers{w.executor()};
  std::shared_ptr<file_cache> cache = std::make_shared<file_cache>(8);
  test::sample here;
  test::sample wanted;
  std::vector<local_content> content;
  std::vector<piece_index> doubted;
  std::unique_ptr<test_listener> listener;
  std::unique_ptr<local_source> disk;
};

}  // namespace

TEST_CASE("what is on the disk under another name is delivered") {
  fixture f;
  CHECK(f.disk->holds().all());
  f.ask_for_all();
  REQUIRE(f.w.until([&] { return f.listener->ended.size() == 6; }));
  CHECK(f.listener->bytes == 270'000);
  CHECK(f.listener->blocks_wrong == 0);
}

TEST_CASE("a file that is gone or was changed is given up, and no other") {
  fixture f;
  SECTION("gone") {
    std::filesystem::remove(f.directory.path() / "here" / "b");
  }
  SECTION("shorter") {
    std::filesystem::resize_file(f.directory.path() / "here" / "b", 1000);
  }
  SECTION("changed") {
    write_file(f.directory.path() / "here" / "b", 70'000, 3);
  }
  f.ask_for_all();
  REQUIRE(f.w.until([&] { return f.listener->ended.size() == 6 && f.listener->holds > 0; }));
  // An answer without bytes leaves the piece to others.
  CHECK(f.listener->bytes == 200'000);
  CHECK(f.listener->blocks_wrong == 0);
  CHECK(f.disk->holds().count() == 4);
  CHECK(f.listener->rejected.empty());
}

TEST_CASE("a file that lied is not used, and the rest is offered again") {
  fixture f;
  f.ask_for_all();
  // The first piece of the file or its last one.
  const piece_index damaged{GENERATE(4u, 5u)};
  f.disk->ban(damaged);
  f.disk->put_down();
  REQUIRE(f.w.until([&] { return f.listener->ready == 2; }));
  CHECK(f.disk->holds().count() == 4);
  CHECK(f.doubted == std::vector{damaged});
  const auto begun = f.listener->begun.size();
  f.disk->request(f.whole(0));
  REQUIRE(f.w.until([&] { return f.listener->begun.size() == begun + 1 && !f.listener->ended.empty(); }));
  CHECK(f.listener->blocks_wrong == 0);
}

TEST_CASE("without a piece to blame nothing is offered again") {
  fixture f;
  f.disk->ban({});
  f.disk->put_down();
  CHECK_FALSE(f.w.until([&] { return f.listener->ready == 2; }, std::chrono::milliseconds(50)));
  CHECK(f.disk->holds().none());
}

TEST_CASE("what is not needed any more is rejected, once") {
  fixture f;
  f.ask_for_all();
  f.disk->cancel(f.whole(5));
  f.disk->cancel(f.whole(5));
  REQUIRE(f.w.until([&] { return f.listener->ended.size() == 5 && !f.listener->rejected.empty(); }));
  CHECK(f.listener->rejected == std::vector{f.whole(5)});
}

TEST_CASE("what the share has twice is copied from its own verified pieces") {
  fixture f;
  f.disk->stop();
  // 0-3: a file, of which "again" is a copy.
  write_file(f.directory.path() / "twice" / "again", 200'000, 1);
  write_file(f.directory.path() / "twice" / "file", 200'000, 1);
  const test::sample twice = test::sample_of(f.directory.path() / "twice");
  auto files = content_files::open_complete(twice.path, twice.info, twice.signatures, f.cache);
  REQUIRE(files);
  std::vector<piece_index> doubted;
  const local_content own{{twice.info, {}}, *files, [&](piece_index piece) { doubted.push_back(piece); }};
  test_listener listener(f.buffers, twice.info);
  local_source disk(f.w.executor(), f.workers, f.buffers, listener, twice.info);
  for (std::uint32_t i = 0; i < 4; ++i) CHECK(disk.offer(piece_index{4 + i}, own, piece_index{i}));
  CHECK_FALSE(disk.offer(piece_index{7}, own, piece_index{0}));
  CHECK(disk.holds().count() == 4);
  f.w.tasks.spawn("copy", disk.run());
  for (std::uint32_t i = 4; i < 8; ++i) {
    disk.request({piece_index{i}, 0, twice.info->shape().piece_size(piece_index{i})});
  }
  REQUIRE(f.w.until([&] { return listener.ended.size() == 4; }));
  CHECK(listener.bytes == 200'000);
  CHECK(listener.blocks_wrong == 0);
  SECTION("and a piece that was no copy puts the piece in doubt that it was read from") {
    disk.ban(piece_index{6});
    CHECK(doubted == std::vector{piece_index{2}});
    CHECK(disk.holds().none());
  }
  disk.stop();
  CHECK(f.w.drain());
}

}  // namespace shoal::testing
