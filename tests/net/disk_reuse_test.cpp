#include "peer/share/disk_reuse.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/net/test_owner.hpp"
#include "tests/net/world.hpp"
#include "unit/store/sample_share.hpp"

namespace shoal::testing {

namespace {

/// Hears that there is a source, and asks it for nothing.
class test_listener final : public source_listener {
 public:
  std::size_t ready = 0;

 private:
  void on_source_ready(source&) override { ++ready; }
  void on_source_gone(source&) override {}
  void on_holds(source&) override {}
  void on_have(source&, piece_index) override {}
  void on_hint(source&, const wire::pieces_hint&) override {}
  void on_choke(source&) override {}
  void on_unchoke(source&) override {}
  void on_reject(source&, const byte_range&) override {}
  bool on_piece_begin(source&, const byte_range&) override { return false; }
  void on_bytes(source&, std::uint32_t) override {}
  void on_limited(source&) override {}
  void on_limit_passed(source&) override {}
  void on_blocks(source&, const byte_range&, buffer_pool::buffer) override { std::abort(); }
  void on_piece_end(source&, const byte_range&) override {}
  double rate_of(const source&) const override { return 0; }
  void on_info_piece(source&, std::uint32_t, std::uint32_t, byte_view) override {}
  void on_info_reject(source&, std::uint32_t) override {}
  void on_attributes_part(source&, std::uint32_t, byte_view) override {}
  void on_attributes_reject(source&) override {}
  void on_hashes(source&, const hash_range&, std::span<const digest>) override {}
  void on_hash_reject(source&, const hash_range&) override {}
};

/// Another share of this peer has the bytes that the download wants.
struct fixture {
  fixture() {
    test::write_file(directory / "other", test::pattern(300'000, 1));
    const test::sample other = test::sample_of(directory / "other");
    auto files = content_files::open_complete(other.path, other.info, other.signatures, context.files);
    REQUIRE(files);
    bitmap all(other.info->shape().piece_count());
    all.set_all();
    here = {{other.info, std::move(all)}, *files, {}};
    owner.on_metadata(wanted);
    progress.enter(download_phase::downloading);
  }
  ~fixture() {
    reuse.stop();
    CHECK(w.drain());
    workers.join();
    background.join();
  }

  source_id use_disk(bool with_what_it_holds) {
    const source_limits limits = reuse.disk()->limits();
    const auto now = clock::now();
    const source_id number = decides.on_source(limits.request_bytes_max, limits.requests_max, limits.distance, now);
    sources.take_up(*reuse.disk(), number);
    reuse.on_number(number);
    if (with_what_it_holds) decides.on_bitmap(number, reuse.disk()->holds(), now);
    return number;
  }

  world w;
  test::temporary_directory directory;
  asio::thread_pool workers{2};
  asio::thread_pool background{1};
  buffer_pool buffers{w.executor()};
  std::unique_ptr<state_database> database = *state_database::open_in_memory();
  const swarm_keys keys;
  peer_context context{w.executor(), workers, background, buffers, *database, std::make_shared<file_cache>(64),
                       keys,         {},      {}};
  metainfo_ptr wanted = made_wanted();
  local_content here;
  test_owner owner;
  download_progress progress;
  source_list sources;
  transfer decides{wanted, bitmap(wanted->shape().piece_count()), 1};
  test_listener listener;
  disk_reuse reuse{context, {owner, progress, sources, decides, listener, w.tasks}};

 private:
  metainfo_ptr made_wanted() {
    test::write_file(directory / "wanted", test::pattern(300'000, 1));
    return test::sample_of(directory / "wanted").info;
  }
};

}  // namespace

TEST_CASE("what another share has is offered as a source", "[disk_reuse]") {
  fixture f;
  f.owner.besides.push_back(f.here);
  REQUIRE(f.w.finish(f.reuse.begin(nullptr)));
  REQUIRE(f.listener.ready > 0);
  CHECK(f.reuse.is_disk(*f.reuse.disk()));
  CHECK(f.reuse.disk()->holds().all());
  const source_id number = f.use_disk(true);
  CHECK(f.reuse.had(number));
  CHECK(!f.reuse.spent());
}

TEST_CASE("what the older version has is offered, and spent once nothing of it is missing", "[disk_reuse]") {
  fixture f;
  REQUIRE(f.w.finish(f.reuse.begin(&f.here)));
  REQUIRE(f.reuse.disk() != nullptr);
  CHECK(!f.reuse.spent());
  f.use_disk(false);
  CHECK(f.reuse.spent());
}

TEST_CASE("content that comes later is looked through while chunks are asked for", "[disk_reuse]") {
  fixture f;
  const bool asks = GENERATE(true, false);
  if (!asks) f.progress.enter(download_phase::checking);
  f.reuse.on_content_here(f.here);
  f.progress.enter(download_phase::downloading);
  f.reuse.look_at_arrivals(clock::now());
  REQUIRE(f.w.until([&] { return f.w.tasks.size() == 0 || f.listener.ready > 0; }));
  CHECK((f.reuse.disk() != nullptr) == asks);
}

TEST_CASE("nothing is offered to a download that stops meanwhile", "[disk_reuse]") {
  fixture f;
  f.owner.besides.push_back(f.here);
  f.w.tasks.spawn("begin", f.reuse.begin(nullptr));
  f.progress.stop();
  CHECK(f.w.drain());
  CHECK(f.reuse.disk() == nullptr);
  CHECK(f.listener.ready == 0);
}

}  // namespace shoal::testing
