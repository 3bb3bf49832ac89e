#include "peer/share/final_place.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <optional>
#include <vector>

#include "tests/net/test_owner.hpp"
#include "tests/net/world.hpp"
#include "unit/store/sample_share.hpp"

namespace shoal::testing {

namespace {

constexpr std::size_t content_bytes = 300'000;

publication published_at(std::uint64_t seconds) {
  publication made{};
  made.publisher.bytes.fill(1);
  made.ms = seconds * 1000;
  return made;
}

std::uint64_t inode_of(const std::filesystem::path& path) {
  const unique_descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return identity_of(file.get());
}

/// A download of the file `name` to `to`, which a publisher has in `from`.
struct fixture {
  fixture() {
    test::write_file(directory / "from" / "name", test::pattern(content_bytes, 1));
    wanted = test::sample_of(directory / "from" / "name");
    std::filesystem::create_directories(directory / "to");
    request.id = wanted.info->id();
    request.directory = (directory / "to").string();
    owner.on_metadata(wanted.info);
    owner.known = published_at(2000);
  }
  ~fixture() {
    CHECK(w.drain());
    workers.join();
    background.join();
  }

  template <class T>
  static awaitable<void> keep(awaitable<T> body, std::optional<T>& to) {
    T value = co_await std::move(body);
    to.emplace(std::move(value));
  }
  template <class T>
  T answer(awaitable<T> body) {
    std::optional<T> got;
    REQUIRE(w.finish(keep(std::move(body), got)));
    return std::move(*got);
  }
  content_there look() {
    REQUIRE(place.taken());
    auto there = answer(place.look());
    REQUIRE(there);
    return std::move(*there);
  }
  std::optional<stored_share> row() {
    auto read = database->share(at.string());
    REQUIRE(read);
    return *read;
  }

  world w;
  test::temporary_directory directory;
  std::filesystem::path at = directory / "to" / "name";
  test::sample wanted;
  asio::thread_pool workers{2};
  asio::thread_pool background{1};
  buffer_pool buffers{w.executor()};
  std::unique_ptr<state_database> database = *state_database::open_in_memory();
  const swarm_keys keys;
  peer_context context{w.executor(), workers, background, buffers, *database, std::make_shared<file_cache>(64),
                       keys,         {},      {}};
  test_owner owner;
  download_request request;
  download_progress progress;
  final_place place{context, owner, request, progress};
};

}  // namespace

TEST_CASE("the same content at the place is taken over", "[final_place]") {
  fixture f;
  CHECK(!f.place.taken());
  test::write_file(f.at, test::pattern(content_bytes, 1));
  content_there there = f.look();
  CHECK(there.whole());
  CHECK(f.progress.bytes().checked == content_bytes);
  CHECK(f.answer(f.place.take_over(std::move(there))));
  CHECK(f.owner.all_here);
  const auto row = f.row();
  REQUIRE(row);
  CHECK(row->inode == 0);
  CHECK(row->published == f.owner.known);
}

TEST_CASE("other content at the place is in the way, and stays", "[final_place]") {
  fixture f;
  const std::string other = test::pattern(content_bytes, 2);
  test::write_file(f.at, other);
  content_there there = f.look();
  CHECK(!there.whole());
  const auto outcome = f.answer(f.place.go_on_from(std::move(there)));
  REQUIRE(!outcome);
  CHECK(outcome.error().code == errc::conflict);
  CHECK(outcome.error().text == f.at.string() + " exists with other content");
  CHECK(test::read_file(f.at) == other);
}

TEST_CASE("a damaged copy of ours becomes the partial", "[final_place]") {
  fixture f;
  std::string damaged = test::pattern(content_bytes, 1);
  damaged[0] = static_cast<char>(~damaged[0]);
  test::write_file(f.at, damaged);
  f.request.mend_inode = inode_of(f.at);
  content_there there = f.look();
  const bitmap good = there.good;
  CHECK(!good.test(0));
  CHECK(good.count() == good.size() - 1);
  REQUIRE(f.answer(f.place.go_on_from(std::move(there))));
  CHECK(!f.place.taken());
  CHECK(f.request.partial.taken_back);
  CHECK(f.request.safe == good.to_bytes());
  CHECK(f.place.older() == nullptr);
}

TEST_CASE("an older version gives way when the new one is complete", "[final_place]") {
  fixture f;
  test::write_file(f.at, test::pattern(content_bytes, 3));
  const test::sample older = test::sample_of(f.at);
  stored_share before{f.at.string(), false, older.info->to_torrent(), older.signatures, 0, published_at(1000)};
  before.follow = true;
  REQUIRE(f.database->save_share(before));

  SECTION("only if the user wants that") {
    const auto outcome = f.answer(f.place.go_on_from(f.look()));
    REQUIRE(!outcome);
    CHECK(outcome.error().text.find("is an older version") != std::string::npos);
    CHECK(outcome.error().helps == remedy::replace_older);
  }
  SECTION("not if it is a newer one") {
    f.request.update = true;
    f.owner.known = published_at(500);
    const auto outcome = f.answer(f.place.go_on_from(f.look()));
    REQUIRE(!outcome);
    CHECK(outcome.error().text.find("is a newer version") != std::string::npos);
    CHECK(f.place.older() == nullptr);
  }
  SECTION("with its record") {
    f.request.update = true;
    REQUIRE(f.answer(f.place.go_on_from(f.look())));
    REQUIRE(f.place.older() != nullptr);
    CHECK(f.progress.bytes().checked == 0);
    const auto remember = [](const partial_record&) -> result<void> { return {}; };
    auto files = content_files::open_partial(f.request.directory, f.wanted.info, false, f.context.files, {}, remember,
                                             &f.place.older()->what);
    REQUIRE(files);
    f.owner.here.on_files(*files);
    auto source = content_files::open_complete(f.wanted.path, f.wanted.info, f.wanted.signatures, f.context.files);
    REQUIRE(source);
    test::copy_all(**source, **files, *f.wanted.info);
    REQUIRE(f.answer(f.place.put()));
    CHECK(f.owner.gave_way == std::vector<std::string>{f.at.string()});
    CHECK(test::read_file(f.at) == test::pattern(content_bytes, 1));
    const auto row = f.row();
    REQUIRE(row);
    CHECK(row->inode == inode_of(f.at));
    CHECK(row->follow);
    CHECK(row->published == f.owner.known);
  }
}

TEST_CASE("what comes in the way of a complete download stays", "[final_place]") {
  fixture f;
  const auto remember = [](const partial_record&) -> result<void> { return {}; };
  auto files = content_files::open_partial(f.request.directory, f.wanted.info, false, f.context.files, {}, remember);
  REQUIRE(files);
  f.owner.here.on_files(*files);
  auto source = content_files::open_complete(f.wanted.path, f.wanted.info, f.wanted.signatures, f.context.files);
  REQUIRE(source);
  test::copy_all(**source, **files, *f.wanted.info);
  test::write_file(f.at, "in the way");
  const auto outcome = f.answer(f.place.put());
  REQUIRE(!outcome);
  CHECK(outcome.error().code == errc::conflict);
  CHECK(test::read_file(f.at) == "in the way");
  CHECK(!f.row());
}

}  // namespace shoal::testing
