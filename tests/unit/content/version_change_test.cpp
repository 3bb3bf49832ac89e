#include "content/version_change.hpp"

#include <catch2/catch.hpp>

#include "show_result.hpp"
#include "unit/content/sample_share.hpp"

namespace shoal {
namespace {

using testing::share_builder;

constexpr std::uint32_t piece_bytes = 64 * KiB;
constexpr std::size_t size = 100'000;

share_builder folder() {
  return {"share", true, piece_bytes};
}

metainfo_ptr made(const share_builder& builder) {
  const auto info = builder.build();
  REQUIRE(info);
  return *info;
}

file_index index_of(const metainfo& info, std::string_view path) {
  for (std::uint32_t i = 0; i < info.files().size(); ++i) {
    if (info.files()[i].path == path) return file_index{i};
  }
  FAIL("no file " << path);
  return file_index{};
}

/// Path of what becomes the file; empty: nothing does.
std::string moved_to(const version_change& change, const metainfo& next, const metainfo& there, std::string_view path) {
  const auto from = change.moved[index_of(next, path).value()];
  return from ? there.files()[from->value()].path : "";
}

using paths = std::vector<std::string>;

}  // namespace

TEST_CASE("unchanged files become files of the new version", "[version_change]") {
  const auto before = made(folder().file("a", 1, size).file("b", 2, size).file("c", 3, size));
  const auto next = made(folder().file("a", 1, size).file("b", 9, size).file("new", 4, size).file("c", 3, size));
  const auto change = change_of(*next, *before, before.get(), {});
  CHECK(moved_to(change, *next, *before, "a") == "a");
  CHECK(moved_to(change, *next, *before, "b").empty());
  CHECK(moved_to(change, *next, *before, "new").empty());
  CHECK(moved_to(change, *next, *before, "c") == "c");
  CHECK(change.in_the_way.empty());
  CHECK(change.dropped.empty());
  CHECK(change.kept == 0);
}

TEST_CASE("a file with another name becomes the new one only if it goes", "[version_change]") {
  const auto before = made(folder().file("old", 1, size).file("swapped", 2, size));
  const auto next = made(folder().file("new", 1, size).file("swapped", 3, size).file("other", 2, size));
  const bool goes = GENERATE(false, true);
  const auto change = change_of(*next, *before, before.get(), {false, goes});
  CHECK(moved_to(change, *next, *before, "new") == (goes ? "old" : ""));
  CHECK(moved_to(change, *next, *before, "other") == "swapped");
  CHECK(change.dropped == (goes ? paths{"old"} : paths{}));
  CHECK(change.kept == (goes ? 0 : 1));
}

TEST_CASE("of several equal files each is used once", "[version_change]") {
  const auto before = made(folder().file("a", 1, size).file("b", 5, size));
  const auto next = made(folder().file("a", 1, size).file("b", 6, size).file("c", 1, size));
  const auto change = change_of(*next, *before, before.get(), {});
  CHECK(moved_to(change, *next, *before, "a") == "a");
  CHECK(moved_to(change, *next, *before, "c").empty());
}

TEST_CASE("permissions belong to the file, and another one is made", "[version_change]") {
  const auto before = made(folder().file("a", 1, size));
  const auto next = made(folder().file("a", 1, size, true));
  const auto change = change_of(*next, *before, before.get(), {});
  CHECK(moved_to(change, *next, *before, "a").empty());
  CHECK(change.in_the_way.empty());
}

TEST_CASE("what the user changed or added is not lost", "[version_change]") {
  const auto before = made(folder().file("a", 1, size).file("b", 2, size).file("gone", 3, size));
  const auto there = made(folder()
                              .file("a", 7, size)
                              .file("b", 2, size)
                              .file("gone", 8, size)
                              .file("mine", 4, size)
                              .file("new", 5, size)
                              .file("dir", 6, size)
                              .file("x/y", 6, size));
  const auto next = made(folder()
                             .file("a", 9, size)
                             .file("b", 9, size)
                             .file("new", 10, size)
                             .file("dir/file", 11, size)
                             .file("x", 12, size));
  const auto change = change_of(*next, *there, before.get(), {false, true});
  CHECK(change.in_the_way == paths{"a", "dir", "new", "x/y"});
  CHECK(change.dropped.empty());
  CHECK(change.kept == 2);
}

TEST_CASE("what is as the new version has it is not in the way", "[version_change]") {
  const auto before = made(folder().file("a", 1, size));
  const auto there = made(folder().file("a", 2, size).file("new", 3, size));
  const auto next = made(folder().file("a", 2, size).file("new", 3, size));
  const auto change = change_of(*next, *there, before.get(), {});
  CHECK(change.in_the_way.empty());
  CHECK(moved_to(change, *next, *there, "a") == "a");
  CHECK(moved_to(change, *next, *there, "new") == "new");
}

TEST_CASE("without a record everything is the user's", "[version_change]") {
  const auto there = made(folder().file("a", 2, size).file("same", 1, size).file("mine", 3, size));
  const auto next = made(folder().file("a", 1, size).file("same", 1, size));
  const auto change = change_of(*next, *there, nullptr, {false, true});
  CHECK(change.in_the_way == paths{"a"});
  CHECK(change.dropped.empty());
  CHECK(change.kept == 1);
}

TEST_CASE("a folder becomes a file only if nothing in it is the user's", "[version_change]") {
  const auto before = made(folder().file("a", 1, size));
  const auto there = made(folder().file("a", 1, size).file("mine", 3, size));
  const auto next = made(share_builder("share", false, piece_bytes).file("share", 1, size));
  CHECK(change_of(*next, *before, before.get(), {}).in_the_way.empty());
  CHECK(change_of(*next, *there, before.get(), {}).in_the_way == paths{"mine"});
}

TEST_CASE("symlinks take no place unless they are created", "[version_change]") {
  const auto before = made(folder().file("a", 1, size));
  const auto there = made(folder().file("a", 1, size).file("link", 3, size));
  const auto next = made(folder().file("a", 1, size).symlink("link", "a"));
  CHECK(change_of(*next, *there, before.get(), {false}).in_the_way.empty());
  CHECK(change_of(*next, *there, before.get(), {true}).in_the_way == paths{"link"});
}

TEST_CASE("empty directories are dropped like files", "[version_change]") {
  const auto before = made(folder().file("a", 1, size).empty_directory("empty"));
  const auto next = made(folder().file("a", 1, size));
  CHECK(change_of(*next, *before, before.get(), {false, true}).dropped == paths{"empty"});
  CHECK(change_of(*next, *before, before.get(), {}).kept == 0);
}

}  // namespace shoal
