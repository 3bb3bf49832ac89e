#include "store/content_files.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <thread>

#include "store/partial_files.hpp"
#include "unit/store/partial_fixture.hpp"

namespace shoal {
namespace {

using fixture = test::partial_fixture;
using test::entries_in;
using test::identity_at;
using test::made_up_file;
using test::pattern;
using test::read_file;
using test::sample;
using test::sample_of;
using test::temporary_directory;
using test::write_file;
namespace fs = std::filesystem;

}  // namespace

TEST_CASE("a new file with the number of a deleted one is another file", "[content_files]") {
  const temporary_directory home;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 20; ++i) {
    write_file(home / "x", "x");
    CHECK(seen.insert(identity_at(home / "x")).second);
    fs::remove(home / "x");
  }
}

TEST_CASE("a folder is downloaded beside its place and then takes it", "[content_files]") {
  fixture f;
  const sample share = sample_of(f.home / "src/folder");
  const auto source = f.source(share);
  auto target = f.partial(share.info);
  REQUIRE(target);
  CHECK((*target)->path() == (f.home / "down/folder").string());
  CHECK(fs::file_size(f.unfinished(share.info) / "a/one") == 200'000);
  CHECK(fs::is_directory(f.unfinished(share.info) / "empty/deep"));
  CHECK(fs::exists(f.unfinished(share.info) / "nothing"));
  CHECK_FALSE(fs::exists(f.unfinished(share.info) / "b"));
  CHECK_FALSE(fs::exists(f.home / "down/folder"));

  test::copy_all(*source, **target, *share.info);
  REQUIRE((*target)->flush());
  REQUIRE((*target)->finish());
  REQUIRE((*target)->finish());
  CHECK(entries_in(f.home / "down") == 1);
  for (const char* path : {"a/one", "a/two", "b", "nothing"}) {
    CHECK(read_file(f.home / "down/folder" / path) == read_file(f.home / "src/folder" / path));
  }
  struct stat status{};
  REQUIRE(stat((f.home / "down/folder/b").c_str(), &status) == 0);
  CHECK((status.st_mode & S_IXUSR) != 0);
  REQUIRE(stat((f.home / "down/folder/a/one").c_str(), &status) == 0);
  CHECK((status.st_mode & 0111) == 0);

  // It goes on serving, and what it says of the files is what a scan finds.
  byte_buffer piece(share.info->shape().piece_size(piece_index{0}));
  CHECK((*target)->read(piece_index{0}, 0, piece));
  const auto again = scan((f.home / "down/folder").string(), {});
  REQUIRE(again);
  const auto signatures = (*target)->signatures();
  REQUIRE(signatures.size() == again->signatures.size());
  for (std::size_t i = 0; i < signatures.size(); ++i) CHECK(signatures[i] == again->signatures[i]);
  CHECK(content_files::open_complete((*target)->path(), share.info, signatures, f.cache));
  CHECK_FALSE((*target)->write(piece_index{0}, 0, piece));
  REQUIRE((*target)->discard());
  CHECK(fs::exists(f.home / "down/folder/b"));
}

TEST_CASE("a single file is downloaded, read as a range and finished", "[content_files]") {
  fixture f;
  const sample share = sample_of(f.home / "src/file");
  const auto source = f.source(share);
  auto target = f.partial(share.info);
  REQUIRE(target);
  test::copy_all(*source, **target, *share.info);
  const byte_range range{piece_index{1}, 16384, 32768};
  const auto before = (*target)->prepare_read(range);
  REQUIRE(before);
  REQUIRE((*target)->finish());
  const auto after = (*target)->prepare_read(range);
  REQUIRE(after);
  const std::string content = read_file(f.home / "src/file");
  CHECK(read_file(f.home / "down/file") == content);
  CHECK_FALSE(fs::exists(f.home / "down" / unfinished_folder));
  for (const auto& readable : {*before, *after}) {
    std::string bytes(range.bytes, '\0');
    REQUIRE(pread(readable.file->descriptor(), bytes.data(), bytes.size(), static_cast<off_t>(readable.offset)) ==
            range.bytes);
    CHECK(bytes == content.substr(piece_bytes_min + 16384, range.bytes));
  }
}

TEST_CASE("what is open and in memory is ready without a wait, unless it changed", "[content_files]") {
  fixture f;
  const sample share = sample_of(f.home / "src/file");
  const auto source = f.source(share);
  const byte_range range{piece_index{1}, 16384, 32768};
  // The file is not open yet.
  CHECK_FALSE(source->prepare_read_now(range));
  const auto waited = source->prepare_read(range);
  REQUIRE(waited);
  const auto now = source->prepare_read_now(range);
  std::uint8_t byte = 0;
  const iovec into{&byte, 1};
  if (preadv2(waited->file->descriptor(), &into, 1, 0, RWF_NOWAIT) == 1) {
    REQUIRE(now);
    CHECK(now->file == waited->file);
    CHECK(now->offset == waited->offset);
  } else {
    // Such a file system cannot tell.
    CHECK_FALSE(now);
  }
  fs::resize_file(f.home / "src/file", 100);
  CHECK_FALSE(source->prepare_read_now(range));
}

TEST_CASE("readers see no failure while the download becomes complete", "[content_files]") {
  fixture f;
  const sample share = sample_of(f.home / "src/folder");
  // One descriptor only: nearly every read opens its file anew.
  f.cache = std::make_shared<file_cache>(1);
  const auto source = f.source(share);
  const auto target = f.partial(share.info);
  REQUIRE(target);
  test::copy_all(*source, **target, *share.info);
  std::atomic<bool> finished{false};
  std::atomic<int> failures{0};
  std::atomic<int> reads{0};
  std::vector<std::thread> readers;
  for (std::uint32_t reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&, reader] {
      const std::uint32_t count = share.info->shape().piece_count();
      int reads_after = 0;
      for (std::uint32_t i = reader; reads_after < 20; ++i) {
        if (finished) ++reads_after;
        byte_buffer bytes(5);
        if (!(*target)->read(piece_index{i % count}, 0, bytes)) ++failures;
        if (!(*target)->prepare_read({piece_index{i % count}, 0, 5})) ++failures;
        ++reads;
      }
    });
  }
  while (reads < 50) std::this_thread::yield();
  const auto done = (*target)->finish();
  finished = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(done);
  CHECK(failures == 0);
}

TEST_CASE("a download goes on where a killed process left it", "[content_files]") {
  fixture f;
  const sample share = sample_of(f.home / "src/folder");
  const auto source = f.source(share);
  {
    auto target = f.partial(share.info);
    REQUIRE(target);
    test::copy_all(*source, **target, *share.info);
    CHECK(f.partial(share.info).error().code == errc::conflict);
  }
  fs::resize_file(f.unfinished(share.info) / "a/two", 999'999);
  fs::resize_file(f.unfinished(share.info) / "b", 2);
  fs::permissions(f.unfinished(share.info) / "b", fs::perms::owner_read | fs::perms::owner_write);
  fs::remove_all(f.unfinished(share.info) / "empty");
  auto target = f.partial(share.info);
  REQUIRE(target);
  CHECK(read_file(f.unfinished(share.info) / "a/one") == read_file(f.home / "src/folder/a/one"));
  CHECK(read_file(f.unfinished(share.info) / "a/two") == read_file(f.home / "src/folder/a/two"));
  CHECK(read_file(f.unfinished(share.info) / "b") == std::string("sm\0\0\0", 5));
  REQUIRE((*target)->finish());
  CHECK(fs::is_directory(f.home / "down/folder/empty/deep"));
  struct stat status{};
  REQUIRE(stat((f.home / "down/folder/b").c_str(), &status) == 0);
  CHECK((status.st_mode & S_IXUSR) != 0);
}

TEST_CASE("a small file is made by its first write and by nothing else", "[content_files]") {
  fixture f;
  const sample share = sample_of(f.home / "src/folder");
  const auto source = f.source(share);
  // No descriptor is kept from one call to the next.
  f.cache = std::make_shared<file_cache>(1);
  auto target = f.partial(share.info);
  REQUIRE(target);
  const fs::path small = f.unfinished(share.info) / "b";
  const piece_index last{share.info->shape().piece_count() - 1};
  REQUIRE(share.info->shape().piece_size(last) == 5);
  byte_buffer bytes(5);
  const auto forget_descriptors = [&] { REQUIRE((*target)->read(piece_index{0}, 0, bytes)); };
  CHECK((*target)->read(last, 0, bytes).error().code == errc::not_found);
  CHECK_FALSE(fs::exists(small));
  test::copy_all(*source, **target, *share.info);
  CHECK(read_file(small) == "small");
  SECTION("gone, it is not made again") {
    forget_descriptors();
    fs::remove(small);
    CHECK_FALSE((*target)->write(last, 0, bytes));
    CHECK_FALSE((*target)->read(last, 0, bytes));
    CHECK_FALSE((*target)->finish());
    CHECK_FALSE(fs::exists(f.home / "down/folder"));
  }
  SECTION("cut and grown again, it does not become final") {
    fs::resize_file(small, 0);
    fs::resize_file(small, 5);
    CHECK((*target)->finish().error().code == errc::verification);
    CHECK_FALSE(fs::exists(f.home / "down/folder"));
  }
  SECTION("gone when the download is taken up again, there is nothing to go on from") {
    target = error{errc::internal, "closed"};
    fs::remove(small);
    target = f.partial(share.info);
    REQUIRE(target);
    CHECK((*target)->renewed_files() == std::vector<file_index>{share.info->shape().piece_file(last)});
    CHECK_FALSE((*target)->finish());
    REQUIRE((*target)->flush());
    CHECK_FALSE(fs::exists(small));
    test::copy_all(*source, **target, *share.info);
    CHECK((*target)->finish());
    CHECK(read_file(f.home / "down/folder/b") == "small");
  }
}

TEST_CASE("what is in the way of a download is a conflict and stays as it is", "[content_files]") {
  fixture f;
  const sample folder = sample_of(f.home / "src/folder");
  const sample file = sample_of(f.home / "src/file");
  const auto conflicts = [&](const metainfo_ptr& info) {
    const auto failed = f.partial(info);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == errc::conflict);
    CHECK(failed.error().text.find((f.home / "down").string()) != std::string::npos);
  };
  SECTION("the final name") {
    write_file(f.home / "down/file", "mine");
    conflicts(file.info);
    CHECK(entries_in(f.home / "down") == 1);
  }
  SECTION("a dangling symlink of the final name") {
    fs::create_symlink("elsewhere", f.home / "down/file");
    conflicts(file.info);
  }
  SECTION("something else in the place of unfinished downloads") {
    write_file(f.home / "down" / unfinished_folder, "mine");
    conflicts(file.info);
    CHECK(read_file(f.home / "down" / unfinished_folder) == "mine");
  }
  SECTION("a symlink in the place of unfinished downloads") {
    fs::create_directory(f.home / "outside");
    fs::create_directory_symlink(f.home / "outside", f.home / "down" / unfinished_folder);
    conflicts(folder.info);
    CHECK(fs::is_empty(f.home / "outside"));
  }
  const fs::path part = f.unfinished(folder.info);
  SECTION("symlinks inside the directory") {
    REQUIRE(f.partial(folder.info));
    fs::remove_all(part / "a");
    write_file(f.home / "outside/one", "mine");
    fs::create_directory_symlink(f.home / "outside", part / "a");
    conflicts(folder.info);
    CHECK(read_file(f.home / "outside/one") == "mine");
    CHECK(entries_in(f.home / "outside") == 1);
  }
  SECTION("files of something else inside the directory") {
    REQUIRE(f.partial(folder.info));
    write_file(part / "a/other", "mine");
    conflicts(folder.info);
    CHECK(read_file(part / "a/other") == "mine");
  }
}

TEST_CASE("complete content is looked at, and taken back to be mended", "[content_files]") {
  fixture f;
  const bool of_folder = GENERATE(false, true);
  const sample share = sample_of(f.home / (of_folder ? "src/folder" : "src/file"));
  const fs::path place = f.home / "down" / share.info->name();
  {
    const auto target = f.partial(share.info);
    REQUIRE(target);
    CHECK((*target)->check());
    test::copy_all(*f.source(share), **target, *share.info);
    REQUIRE((*target)->finish());
    CHECK((*target)->check());
    fs::resize_file(of_folder ? place / "a/one" : place, 100);
    CHECK((*target)->check().error().code == errc::conflict);
  }
  const auto refuse = [](const partial_record&) -> result<void> { return error{errc::no_space, "full"}; };
  const std::uint64_t identity = identity_at(place);
  const std::string down = (f.home / "down").string();
  CHECK(take_back(down, *share.info, identity, refuse).error().text == "full");
  // Something else is in its place, or with it.
  CHECK(take_back(down, *share.info, identity + 1, refuse).error().code == errc::conflict);
  if (of_folder) {
    fs::create_symlink("elsewhere", place / "mine");
    CHECK(take_back(down, *share.info, identity, refuse).error().code == errc::conflict);
    fs::remove(place / "mine");
  }
  CHECK(fs::exists(place));
  CHECK(entries_in(f.home / "down") == 1);
  partial_record& record = f.records[share.info->id()];
  const auto taken = take_back(down, *share.info, identity, [&](const partial_record& made) {
    record = made;
    return result<void>{};
  });
  REQUIRE(taken);
  CHECK(*taken == record);
  CHECK_FALSE(fs::exists(place));
  const bool given_back = GENERATE(false, true);
  const auto target = f.partial(share.info);
  REQUIRE(target);
  CHECK((*target)->resumed());
  CHECK((*target)->renewed_files().size() == 1);
  if (given_back) {
    REQUIRE((*target)->discard());
    CHECK(fs::exists(place));
    CHECK(entries_in(f.home / "down") == 1);
    return;
  }
  test::copy_all(*f.source(share), **target, *share.info);
  REQUIRE((*target)->finish());
  CHECK(fs::exists(place));
  CHECK(take_back((f.home / "nowhere").string(), *share.info, 1, refuse).error().code == errc::not_found);
}

TEST_CASE("a download whose record cannot be written down takes no space", "[content_files]") {
  fixture f;
  const sample share = sample_of(f.home / (GENERATE(false, true) ? "src/folder" : "src/file"));
  const auto failed =
      content_files::open_partial((f.home / "down").string(), share.info, false, f.cache, {},
                                  [](const partial_record&) -> result<void> { return error{errc::no_space, "full"}; });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().text == "full");
  CHECK(entries_in(f.home / "down") == 0);
}

TEST_CASE("a symlink put into a running download is never followed", "[content_files]") {
  fixture f;
  const sample share = sample_of(f.home / "src/folder");
  const auto target = f.partial(share.info);
  REQUIRE(target);
  write_file(f.home / "outside/one", "mine");
  fs::remove_all(f.unfinished(share.info) / "a");
  fs::create_directory_symlink(f.home / "outside", f.unfinished(share.info) / "a");
  const byte_buffer bytes(1000, 1);
  const auto written = (*target)->write(piece_index{0}, 0, bytes);
  REQUIRE_FALSE(written);
  CHECK(written.error().code == errc::conflict);
  CHECK(read_file(f.home / "outside/one") == "mine");
  REQUIRE((*target)->discard());
  CHECK(entries_in(f.home / "down") == 0);
  CHECK(read_file(f.home / "outside/one") == "mine");
  CHECK((*target)->write(piece_index{0}, 0, bytes).error().code == errc::cancelled);
}

TEST_CASE("finishing never replaces what appeared meanwhile", "[content_files]") {
  fixture f;
  const bool folder = GENERATE(false, true);
  const sample share = sample_of(f.home / (folder ? "src/folder" : "src/file"));
  const auto target = f.partial(share.info);
  REQUIRE(target);
  test::copy_all(*f.source(share), **target, *share.info);
  const fs::path final_path = (*target)->path();
  write_file(final_path, "mine");
  const auto failed = (*target)->finish();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::conflict);
  CHECK(failed.error().text.find(f.unfinished(share.info).string()) != std::string::npos);
  CHECK(read_file(final_path) == "mine");
  fs::remove(final_path);
  CHECK((*target)->finish());
}

TEST_CASE("a changed file is told from the one that was added", "[content_files]") {
  fixture f;
  const sample share = sample_of(f.home / "src/folder");
  const auto source = f.source(share);
  byte_buffer bytes(100);
  REQUIRE(source->read(piece_index{0}, 0, bytes));
  REQUIRE(source->prepare_read({piece_index{0}, 0, 100}));
  const auto expect = [&](errc code) {
    const auto read = source->read(piece_index{0}, 0, bytes);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == code);
    CHECK(read.error().text.find("folder/a/one") != std::string::npos);
    CHECK(read.error().text.find("add it anew") != std::string::npos);
    CHECK(source->prepare_read({piece_index{0}, 0, 100}).error().code == code);
    CHECK(content_files::open_complete(share.path, share.info, share.signatures, f.cache).error().code == code);
  };
  const fs::path one = f.home / "src/folder/a/one";
  SECTION("touched") {
    fs::last_write_time(one, fs::last_write_time(one) + std::chrono::seconds(1));
    expect(errc::conflict);
  }
  SECTION("truncated") {
    fs::resize_file(one, 50);
    expect(errc::conflict);
  }
  SECTION("removed, once its descriptor is gone") {
    fs::remove(one);
    f.cache->drop(1);
    expect(errc::not_found);
  }
  SECTION("replaced by a symlink to itself, once its descriptor is gone") {
    fs::rename(one, f.home / "src/moved");
    fs::create_symlink(f.home / "src/moved", one);
    f.cache->drop(1);
    expect(errc::conflict);
  }
}

TEST_CASE("symlinks are made at the end and stay inside", "[content_files]") {
  fixture f;
  fs::create_symlink("../b", f.home / "src/folder/a/up");
  fs::create_directory_symlink("a", f.home / "src/folder/near");
  const sample share = sample_of(f.home / "src/folder", {.symlinks = true});
  const auto source = f.source(share);
  const bool wanted = GENERATE(true, false);
  const auto target = f.partial(share.info, wanted);
  REQUIRE(target);
  test::copy_all(*source, **target, *share.info);
  REQUIRE((*target)->finish());
  CHECK(fs::is_symlink(f.home / "down/folder/a/up") == wanted);
  if (!wanted) return;
  CHECK(fs::read_symlink(f.home / "down/folder/a/up") == "../b");
  CHECK(fs::read_symlink(f.home / "down/folder/near") == "a");
  CHECK(read_file(f.home / "down/folder/near/up") == "small");
}

TEST_CASE("files get the times and the modes of their publisher, and count as unchanged", "[content_files]") {
  fixture f;
  const bool folder = GENERATE(false, true);
  const bool modes = GENERATE(false, true);
  const sample share = sample_of(f.home / (folder ? "src/folder" : "src/file"));
  const auto source = f.source(share);
  const auto target = f.partial(share.info);
  REQUIRE(target);
  test::copy_all(*source, **target, *share.info);
  wanted_attributes wanted;
  wanted.modes = modes;
  for (std::uint32_t i = 0; i < share.info->regular_file_count(); ++i) {
    wanted.files.push_back({981'173'106'500'000'000 - i * 400'000'000'000'000'000, 0207});
  }
  REQUIRE((*target)->finish(wanted));
  CHECK((*target)->check());
  byte_buffer bytes(5);
  CHECK((*target)->read(piece_index{0}, 0, bytes));
  std::size_t next = 0;
  for (const file_entry& file : share.info->files()) {
    if (file.type != file_entry::kind::regular) continue;
    struct stat status{};
    REQUIRE(stat((f.home / (folder ? "down/folder/" + file.path : "down/file")).c_str(), &status) == 0);
    CHECK(signature_of(status).mtime_ns == wanted.files[next++].mtime_ns);
    // The owner can always read, so that it can be passed on.
    CHECK(((status.st_mode & 07777) == 0607) == modes);
  }
}

TEST_CASE("no download without its directory", "[content_files]") {
  fixture f;
  const auto failed =
      content_files::open_partial((f.home / "missing").string(), made_up_file("x", 5), false, f.cache, {}, {});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::not_found);
  CHECK(failed.error().helps == remedy::make_directory);
}

TEST_CASE("a name as long as names may be is kept while it is unfinished", "[content_files]") {
  fixture f;
  const std::string name(255, 'n');
  const auto target = f.partial(made_up_file(name, 5));
  REQUIRE(target);
  REQUIRE((*target)->finish());
  CHECK(fs::exists(f.home / "down" / name));
}

TEST_CASE("a download that does not fit leaves nothing behind", "[content_files]") {
  fixture f;
  const fs::path small = f.home / "small";
  fs::create_directory(small);
  if (mount("tmpfs", small.c_str(), "tmpfs", 0, "size=1m") != 0) {
    WARN("skipped: mounting a small file system needs root");
    return;
  }
  struct unmount {
    const fs::path& path;
    ~unmount() { umount2(path.c_str(), MNT_DETACH); }
  } const after{small};
  write_file(f.home / "src/large/a/1", pattern(400'000, 1));
  write_file(f.home / "src/large/a/2", pattern(400'000, 2));
  const bool small_files = GENERATE(false, true);
  if (small_files) {
    for (int i = 0; i < 10; ++i) write_file(f.home / "src/large/b" / std::to_string(i), pattern(40'000, 3));
  } else {
    write_file(f.home / "src/large/b", pattern(400'000, 3));
  }
  const sample share = sample_of(f.home / "src/large");
  const bool resumed = GENERATE(false, true);
  partial_record known;
  const fs::path part = small / unfinished_folder / "earlier";
  if (resumed) {
    write_file(part / "a/1", "kept");
    known = {"earlier", identity_at(part), false};
  }
  const auto failed = content_files::open_partial(small.string(), share.info, false, f.cache, known,
                                                  [](const partial_record&) -> result<void> { return {}; });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::no_space);
  CHECK(failed.error().text.find("not enough space in " + small.string() + " for large: ") == 0);
  CHECK(failed.error().text.find(" missing") != std::string::npos);
  CHECK(failed.error().helps == remedy::free_space);
  if (resumed) {
    CHECK(read_file(part / "a/1") == "kept");
    CHECK(entries_in(part) == 1);
    CHECK(entries_in(part / "a") == 1);
  } else {
    CHECK(entries_in(small) == 0);
  }
}

}  // namespace shoal
