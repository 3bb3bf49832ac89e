// A partial that rests: on the disk, without a descriptor, and whole whatever happens to it or to others meanwhile.

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "store/content_files.hpp"
#include "store/partial_files.hpp"
#include "unit/store/sample_share.hpp"

namespace {

std::atomic<int> syncs = 0;
std::atomic<int> syncs_fail = 0;  // with this error
// Not 0: statx() says that each file has this number, as a file system may that gives those of deleted ones again.
std::atomic<std::uint64_t> number_given = 0;

}  // namespace

// Called in the place of the system's.
extern "C" int fdatasync(int descriptor) {
  ++syncs;
  if (syncs_fail != 0) {
    errno = syncs_fail;
    return -1;
  }
  return static_cast<int>(syscall(SYS_fdatasync, descriptor));
}

extern "C" int statx(int directory, const char* path, int flags, unsigned mask, struct statx* status) {
  const auto done = static_cast<int>(syscall(SYS_statx, directory, path, flags, mask, status));
  if (number_given != 0) status->stx_ino = number_given;
  return done;
}

namespace shoal {

namespace {

using test::pattern;
using test::sample;
using test::sample_of;
using test::write_file;
namespace fs = std::filesystem;

// An unfinished download of one file or of a folder, of which the first piece is written.
struct fixture {
  explicit fixture(bool folder) : of_folder(folder) {
    fs::create_directory(home / "down");
    write_file(home / "src/folder/a/one", pattern(200'000, 1));
    write_file(home / "src/folder/two", pattern(70'000, 2));
    write_file(home / "src/file", pattern(300'000, 3));
    share = sample_of(home / "src" / name());
    target = open();
    auto opened = content_files::open_complete(share.path, share.info, share.signatures, cache);
    REQUIRE(opened);
    source = *opened;
    copy_first();
  }
  const char* name() const { return of_folder ? "folder" : "file"; }
  std::shared_ptr<content_files> open() {
    auto opened = content_files::open_partial((home / "down").string(), share.info, false, cache, record,
                                              [this](const partial_record& made) -> result<void> {
                                                record = made;
                                                return {};
                                              });
    REQUIRE(opened);
    return *opened;
  }
  byte_buffer piece(std::uint32_t index) {
    byte_buffer bytes(share.info->shape().piece_size(piece_index{index}));
    REQUIRE(source->read(piece_index{index}, 0, bytes));
    return bytes;
  }
  void copy_first() { REQUIRE(target->write(piece_index{0}, 0, piece(0))); }
  fs::path unfinished() const { return home / "down" / unfinished_folder / record.name; }

  bool of_folder;
  test::temporary_directory home;
  std::shared_ptr<file_cache> cache = std::make_shared<file_cache>(512);
  sample share;
  partial_record record;
  std::shared_ptr<content_files> source;
  std::shared_ptr<content_files> target;
};

// Files that are made after it are born later than those before: the clock of a file system ticks slowly.
void wait_for_tick() {
  timespec first{};
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &first);
  do {
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
  } while (now.tv_sec == first.tv_sec && now.tv_nsec == first.tv_nsec);
}

// While it lives, another file is in that place, as one that was given the same number.
class replaced_under_its_number {
 public:
  replaced_under_its_number(const fs::path& place, std::string_view content) {
    struct stat status{};
    REQUIRE(stat(place.c_str(), &status) == 0);
    wait_for_tick();
    fs::remove(place);
    write_file(place, content);
    number_given = status.st_ino;
  }
  ~replaced_under_its_number() { number_given = 0; }
  replaced_under_its_number(const replaced_under_its_number&) = delete;
  replaced_under_its_number& operator=(const replaced_under_its_number&) = delete;
};

// While it lives, this process gets no new descriptor.
class no_descriptors {
 public:
  no_descriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~no_descriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  no_descriptors(const no_descriptors&) = delete;
  no_descriptors& operator=(const no_descriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("what comes to rest is flushed before it closes", "[content_files]") {
  fixture f(GENERATE(false, true));
  syncs = 0;
  REQUIRE(f.target->rest());
  CHECK(syncs == 1);
  // Nothing is left for who says afterwards what is safe.
  REQUIRE(f.target->flush());
  CHECK(syncs == 1);
  f.copy_first();
  REQUIRE(f.target->flush());
  CHECK(syncs == 2);
}

TEST_CASE("what cannot be flushed rests with an error, and is never called safe", "[content_files]") {
  fixture f(false);
  syncs_fail = GENERATE(EIO, ENOSPC);
  const auto rested = f.target->rest();
  syncs_fail = 0;
  REQUIRE_FALSE(rested);
  // Nobody waits for room: what is lost does not come back with it.
  CHECK(rested.error().code == errc::disk);
  CHECK(rested.error().text.find("cannot sync") != std::string::npos);
  // The kernel would say now that all is well.
  CHECK_FALSE(f.target->flush());
  // It holds no lock, so the next try can have it.
  CHECK(f.target->rest());
}

TEST_CASE("what rests is discarded, whatever became of its folder", "[content_files]") {
  fixture f(GENERATE(false, true));
  REQUIRE(f.target->rest());
  SECTION("there as it was") {}
  SECTION("the partial is gone") {
    fs::remove_all(f.unfinished());
  }
  SECTION("the folder of all that is unfinished is gone") {
    fs::remove_all(f.unfinished().parent_path());
  }
  SECTION("the whole directory is gone") {
    fs::remove_all(f.home / "down");
  }
  SECTION("a file took the place of the directory") {
    fs::remove_all(f.home / "down");
    write_file(f.home / "down", "mine");
  }
  REQUIRE(f.target->discard());
  CHECK_FALSE(fs::exists(f.unfinished()));
  CHECK_FALSE(f.target->write(piece_index{0}, 0, f.piece(0)));
  REQUIRE(f.target->discard());
}

TEST_CASE("what took the place and the number of a partial that rests is not ours", "[content_files]") {
  fixture f(false);
  const fs::path place = f.unfinished();
  REQUIRE(f.target->rest());
  const replaced_under_its_number mine(place, "mine");
  const auto written = f.target->write(piece_index{0}, 0, f.piece(0));
  REQUIRE_FALSE(written);
  CHECK(written.error().code == errc::conflict);
  REQUIRE(f.target->discard());
  CHECK(test::read_file(place) == "mine");
  // Nor is it gone on with by a later run.
  const auto begun = f.open();
  CHECK_FALSE(begun->resumed());
  CHECK(f.unfinished() != place);
  REQUIRE(begun->discard());
  CHECK(test::read_file(place) == "mine");
}

TEST_CASE("want of descriptors is a limit and loses nothing", "[content_files]") {
#if __has_feature(address_sanitizer)
  WARN("skipped: the sanitizer itself needs descriptors");
  return;
#endif
  fixture f(GENERATE(false, true));
  REQUIRE(f.target->rest());
  byte_buffer bytes = f.piece(0);
  f.cache = std::make_shared<file_cache>(512);
  const auto closed = content_files::open_complete(f.share.path, f.share.info, f.share.signatures, f.cache);
  REQUIRE(closed);
  const partial_record known = f.record;
  {
    const no_descriptors now;
    const std::vector<result<void>> outcomes{f.target->write(piece_index{0}, 0, bytes),
                                             f.target->read(piece_index{0}, 0, bytes), f.target->finish(),
                                             f.target->discard(), (*closed)->read(piece_index{0}, 0, bytes)};
    const auto prepared = (*closed)->prepare_read({piece_index{0}, 0, 100});
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      INFO(i);
      REQUIRE_FALSE(outcomes[i]);
      CHECK(outcomes[i].error().code == errc::limit);
    }
    REQUIRE_FALSE(prepared);
    CHECK(prepared.error().code == errc::limit);
  }
  CHECK(f.record == known);
  CHECK((*closed)->check());
  test::copy_all(**closed, *f.target, *f.share.info);
  REQUIRE(f.target->finish());
  CHECK(fs::exists(f.home / "down" / f.name()));
}

TEST_CASE("what was begun is gone on with, not begun anew, when descriptors are wanting", "[content_files]") {
  fixture f(GENERATE(false, true));
  f.target.reset();
  const partial_record known = f.record;
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const unique_descriptor next(dup(0));
  // One more is to be had each time, so that each of its steps is the first that gets none.
  for (int more = 0; more < 8; ++more) {
    INFO(more);
    rlimit few = before;
    few.rlim_cur = static_cast<rlim_t>(next.get() + 1 + more);
    setrlimit(RLIMIT_NOFILE, &few);
    const auto opened = content_files::open_partial((f.home / "down").string(), f.share.info, false, f.cache, known,
                                                    [&f](const partial_record& made) -> result<void> {
                                                      f.record = made;
                                                      return {};
                                                    });
    setrlimit(RLIMIT_NOFILE, &before);
    if (!opened) CHECK(opened.error().code == errc::limit);
    CHECK(f.record == known);
    CHECK(fs::exists(f.unfinished()));
    CHECK(std::distance(fs::directory_iterator(f.unfinished().parent_path()), fs::directory_iterator()) == 1);
  }
}

}  // namespace shoal
