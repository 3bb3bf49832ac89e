// What on disk is ours: whose place a partial takes, and what is left alone.

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <string>

#include "store/partial_owner.hpp"
#include "unit/store/partial_fixture.hpp"

namespace shoal {

namespace {

using fixture = test::partial_fixture;
using test::entries_in;
using test::identity_at;
using test::read_file;
using test::sample;
using test::sample_of;
using test::write_file;
namespace fs = std::filesystem;

}  // namespace

TEST_CASE("what a lost record left behind is taken up, unless it may be somebody else's", "[partial_place]") {
  fixture f;
  const bool of_folder = GENERATE(false, true);
  const sample share = sample_of(f.home / (of_folder ? "src/folder" : "src/file"));
  const fs::path part = f.unfinished(share.info);
  {
    const auto target = f.partial(share.info);
    REQUIRE(target);
    test::copy_all(*f.source(share), **target, *share.info);
    f.records.clear();
    // It is in use.
    const auto other = f.partial(share.info);
    REQUIRE(other);
    CHECK_FALSE((*other)->resumed());
    REQUIRE((*other)->discard());
  }
  f.records.clear();
  const fs::path file = of_folder ? part / "a/one" : part;
  SECTION("all is well") {
    {
      const auto target = f.partial(share.info);
      REQUIRE(target);
      CHECK((*target)->resumed());
      CHECK(f.records[share.info->id()].inode == identity_at(part));
    }
    const auto target = f.partial(share.info);
    REQUIRE(target);
    REQUIRE((*target)->finish());
    CHECK_FALSE(fs::exists(f.home / "down" / unfinished_folder));
    return;
  }
  SECTION("it rests, and is another peer's") {
    f.owner = "/state/of/another";
  }
  SECTION("nobody knows whose it is") {
    f.owner = "";
  }
  SECTION("a file has a second name") {
    fs::create_hard_link(file, f.home / "second");
  }
  SECTION("something else lies in it") {
    if (of_folder) {
      write_file(part / "a/other", "mine");
    } else {
      fs::resize_file(part, 100);
    }
  }
  const auto target = f.partial(share.info);
  REQUIRE(target);
  CHECK_FALSE((*target)->resumed());
  REQUIRE((*target)->discard());
  CHECK(fs::exists(file));
}

TEST_CASE("what was made just before a kill is taken up", "[partial_place]") {
  fixture f;
  const bool of_folder = GENERATE(false, true);
  const sample share = sample_of(f.home / (of_folder ? "src/folder" : "src/file"));
  const fs::path part = f.unfinished(share.info);
  fs::create_directory(part.parent_path());
  if (of_folder) {
    fs::create_directory(part);
  } else {
    write_file(part, "");
  }
  mark_partial(unique_descriptor(::open(part.c_str(), O_RDONLY)).get(), f.owner);
  const auto target = f.partial(share.info);
  REQUIRE(target);
  CHECK(f.records[share.info->id()].inode == identity_at(part));
  test::copy_all(*f.source(share), **target, *share.info);
  REQUIRE((*target)->finish());
  CHECK_FALSE(fs::exists(part.parent_path()));
  // What is complete tells nobody where our state is.
  CHECK_FALSE(is_marked(unique_descriptor(::open((*target)->path().c_str(), O_RDONLY)).get(), f.owner));
}

TEST_CASE("what our record does not name is left alone, and the download is kept beside it", "[partial_place]") {
  fixture f;
  const bool of_folder = GENERATE(false, true);
  const bool complete = GENERATE(false, true);
  const sample share = sample_of(f.home / (of_folder ? "src/folder" : "src/file"));
  const fs::path part = f.unfinished(share.info);
  fs::create_directory(f.home / "down" / unfinished_folder);
  SECTION("a file") {
    write_file(part, "mine");
  }
  SECTION("a directory") {
    fs::create_directory(part);
  }
  SECTION("a pipe") {
    REQUIRE(mkfifo(part.c_str(), 0600) == 0);
  }
  SECTION("a symlink") {
    fs::create_symlink(f.home / "src/file", part);
  }
  SECTION("one that took the place of ours") {
    REQUIRE(f.partial(share.info));
    fs::rename(part, f.home / "ours");
    write_file(part, "mine");
  }
  const auto before = fs::symlink_status(part);
  {
    const auto target = f.partial(share.info);
    REQUIRE(target);
    CHECK_FALSE((*target)->resumed());
    CHECK(f.records[share.info->id()].name == part.filename().string() + ".1");
  }
  auto target = f.partial(share.info);
  REQUIRE(target);
  CHECK((*target)->resumed());
  test::copy_all(*f.source(share), **target, *share.info);
  CHECK((complete ? (*target)->finish() : (*target)->discard()));
  CHECK(fs::symlink_status(part) == before);
  if (fs::is_regular_file(before)) CHECK(read_file(part) == "mine");
  CHECK(entries_in(f.home / "down" / unfinished_folder) == 1);
}

TEST_CASE("files that only look like unfinished ones are not touched", "[partial_place]") {
  fixture f;
  write_file(f.home / "down/file.part", "mine");
  const sample share = sample_of(f.home / "src/file");
  const auto target = f.partial(share.info);
  REQUIRE(target);
  test::copy_all(*f.source(share), **target, *share.info);
  REQUIRE((*target)->finish());
  CHECK(read_file(f.home / "down/file.part") == "mine");
  CHECK(entries_in(f.home / "down") == 2);
}

}  // namespace shoal
