#include "store/version_swap.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "store/partial_files.hpp"
#include "unit/store/sample_share.hpp"

namespace shoal {
namespace {

using test::pattern;
using test::read_file;
using test::sample;
using test::sample_of;
using test::temporary_directory;
using test::write_file;
namespace fs = std::filesystem;

struct fixture {
  fixture() {
    write_file(home / "new/m/same", pattern(100'000, 1));
    write_file(home / "new/m/changed", pattern(70'000, 3));
    write_file(home / "new/m/sub/fresh", "fresh");
    write_file(home / "down/m/same", pattern(100'000, 1));
    write_file(home / "down/m/changed", pattern(70'000, 2));
    write_file(home / "down/m/old/dropped", "dropped");
    next = sample_of(home / "new/m");
    before = sample_of(home / "down/m");
    write_file(home / "down/m/mine", "mine");
    write_file(home / "down/m/old/mine", "mine");
    fs::create_directories(home / "down/m/nothing");
  }

  older_content older() {
    const sample there = sample_of(home / "down/m", {true});
    auto seen = scan(there.path, {true});
    REQUIRE(seen);
    return {*seen, change_of(*next.info, *there.info, before.info.get(), {false, drop})};
  }

  /// The new version beside the older one, complete.
  std::shared_ptr<content_files> fetched(const older_content& older) {
    auto opened =
        content_files::open_partial((home / "down").string(), next.info, false, cache, record, remember, &older);
    REQUIRE(opened);
    auto from = content_files::open_complete(next.path, next.info, next.signatures, cache);
    REQUIRE(from);
    std::set<std::uint32_t> linked;
    for (const linked_file& one : (*opened)->linked_files()) linked.insert(one.file.value());
    const geometry& shape = next.info->shape();
    for (std::uint32_t i = 0; i < shape.piece_count(); ++i) {
      if (linked.contains(shape.piece_file(piece_index{i}).value())) continue;
      byte_buffer piece(shape.piece_size(piece_index{i}));
      REQUIRE((*from)->read(piece_index{i}, 0, piece));
      REQUIRE((*opened)->write(piece_index{i}, 0, piece));
    }
    return *opened;
  }

  /// What is in the place by relative path; directories have no content.
  std::map<std::string, std::string> place() const {
    std::map<std::string, std::string> found;
    for (const auto& one : fs::recursive_directory_iterator(home / "down/m")) {
      found[one.path().lexically_relative(home / "down/m").string()] = one.is_directory() ? "" : read_file(one.path());
    }
    return found;
  }

  std::map<std::string, std::string> wanted() const {
    std::map<std::string, std::string> files{{"same", pattern(100'000, 1)},
                                             {"changed", pattern(70'000, 3)},
                                             {"sub", ""},
                                             {"sub/fresh", "fresh"},
                                             {"mine", "mine"},
                                             {"old", ""},
                                             {"old/mine", "mine"},
                                             {"nothing", ""}};
    if (!drop) files["old/dropped"] = "dropped";
    return files;
  }

  temporary_directory home;
  std::shared_ptr<file_cache> cache = std::make_shared<file_cache>(512);
  sample next;
  sample before;
  bool drop = false;
  partial_record record;
  remember_partial remember = [this](const partial_record& made) -> result<void> {
    record = made;
    return {};
  };
};

}  // namespace

TEST_CASE("a new version takes the place of an older one and what is the user's stays", "[version_swap]") {
  fixture f;
  f.drop = GENERATE(false, true);
  const auto inode = fs::hard_link_count(f.home / "down/m/same");
  CHECK(inode == 1);
  const older_content older = f.older();
  const auto files = f.fetched(older);
  REQUIRE(files->linked_files().size() == 1);
  const auto before = f.place();
  CHECK(before.at("changed") == pattern(70'000, 2));
  REQUIRE(files->replace(older, f.remember, {}));
  CHECK(f.place() == f.wanted());
  CHECK(fs::hard_link_count(f.home / "down/m/same") == 1);
  CHECK_FALSE(fs::exists(f.home / "down/.shoal"));
  const auto checked = files->check();
  REQUIRE(checked);
  CHECK(checked->empty());
}

TEST_CASE("after a crash between the swap and its end the rest is done", "[version_swap]") {
  fixture f;
  f.drop = GENERATE(false, true);
  f.fetched(f.older()).reset();
  const older_content older = f.older();
  // As replace() does it, up to the crash.
  const auto made = f.record;
  auto place = make_partial((f.home / "down").string(), *f.next.info, made, f.remember, &older);
  REQUIRE(place);
  REQUIRE(swap_in(*place, *f.next.info, f.remember));
  CHECK(f.record.replaces != 0);
  place = error{};
  CHECK(f.place().at("changed") == pattern(70'000, 3));
  const recorded_version before{f.before.info, f.before.signatures};
  const auto ended = end_swap((f.home / "down").string(), *f.next.info, f.record, &before, f.drop);
  REQUIRE(ended);
  CHECK(*ended);
  CHECK(f.place() == f.wanted());
  CHECK_FALSE(fs::exists(f.home / "down/.shoal"));
  const auto again = end_swap((f.home / "down").string(), *f.next.info, f.record, &before, f.drop);
  REQUIRE(again);
  CHECK(*again);
}

TEST_CASE("after a crash before the swap nothing is taken for swapped", "[version_swap]") {
  fixture f;
  const older_content older = f.older();
  const auto files = f.fetched(older);
  const auto before = f.place();
  auto refuse = [&f](const partial_record& made) -> result<void> {
    f.record = made;
    return error{errc::disk, "the record cannot be written"};
  };
  const auto replaced = files->replace(older, refuse, {});
  REQUIRE_FALSE(replaced);
  CHECK(f.record.replaces != 0);
  CHECK(f.place() == before);
  const auto ended = end_swap((f.home / "down").string(), *f.next.info, f.record, nullptr, false);
  REQUIRE(ended);
  CHECK_FALSE(*ended);
  CHECK(f.place() == before);
  // It goes on.
  REQUIRE(files->replace(older, f.remember, {}));
  CHECK(f.place() == f.wanted());
}

TEST_CASE("what was changed meanwhile is not replaced", "[version_swap]") {
  fixture f;
  const older_content older = f.older();
  const auto files = f.fetched(older);
  const std::string what = GENERATE("changed", "same", "sub/fresh");
  fs::create_directories(f.home / "down/m/sub");
  write_file(f.home / "down/m" / what, "mine now");
  const auto before = f.place();
  const auto replaced = files->replace(older, f.remember, {});
  REQUIRE_FALSE(replaced);
  CHECK(replaced.error().code == errc::conflict);
  CHECK(replaced.error().text.find(what) != std::string::npos);
  CHECK(f.place() == before);
}

TEST_CASE("what the user adds meanwhile stays", "[version_swap]") {
  fixture f;
  const older_content older = f.older();
  const auto files = f.fetched(older);
  write_file(f.home / "down/m/late/file", "late");
  fs::create_symlink("/nowhere", f.home / "down/m/link");
  REQUIRE(files->replace(older, f.remember, {}));
  CHECK(read_file(f.home / "down/m/late/file") == "late");
  CHECK(fs::read_symlink(f.home / "down/m/link") == "/nowhere");
}

TEST_CASE("an interrupted update links anew, and never writes to a file of the older version", "[version_swap]") {
  fixture f;
  f.fetched(f.older()).reset();
  // The user changes the file that is linked, in place.
  write_file(f.home / "down/m/same", pattern(100'000, 8));
  older_content older = f.older();
  CHECK(older.change.in_the_way == std::vector<std::string>{"same"});
  older.change.in_the_way.clear();
  const auto files = f.fetched(older);
  CHECK(files->linked_files().empty());
  CHECK(read_file(f.home / "down/m/same") == pattern(100'000, 8));
  CHECK(fs::hard_link_count(f.home / "down/m/same") == 1);
}

TEST_CASE("what is below a path that becomes a file is not lost", "[version_swap]") {
  fixture f;
  fs::remove_all(f.home / "new/m/sub");
  write_file(f.home / "new/m/old", "a file now");
  f.next = sample_of(f.home / "new/m");
  fs::remove(f.home / "down/m/old/mine");
  const older_content older = f.older();
  CHECK(older.change.in_the_way.empty());
  const auto files = f.fetched(older);
  write_file(f.home / "down/m/old/late", "late");
  const auto replaced = files->replace(older, f.remember, {});
  REQUIRE_FALSE(replaced);
  CHECK(replaced.error().code == errc::conflict);
  CHECK(read_file(f.home / "down/m/old/late") == "late");
}

TEST_CASE("a folder with something new in it does not become a file", "[version_swap]") {
  fixture f;
  f.drop = true;
  fs::remove_all(f.home / "new/m");
  write_file(f.home / "new/m", "a file now");
  f.next = sample_of(f.home / "new/m");
  for (const char* mine : {"mine", "old/mine", "nothing"}) fs::remove(f.home / "down/m" / mine);
  const older_content older = f.older();
  CHECK(older.change.in_the_way.empty());
  const auto files = f.fetched(older);
  const bool late = GENERATE(false, true);
  if (late) write_file(f.home / "down/m/late", "late");
  const auto replaced = files->replace(older, f.remember, {});
  CHECK(replaced.has_value() == !late);
  if (late) CHECK(read_file(f.home / "down/m/late") == "late");
  if (!late) CHECK(read_file(f.home / "down/m") == "a file now");
  if (!late) CHECK_FALSE(fs::exists(f.home / "down/.shoal"));
}

TEST_CASE("what has no place beside the new version stays where it is and is named", "[version_swap]") {
  fixture f;
  const older_content older = f.older();
  const auto files = f.fetched(older);
  // Came between the last look and the swap.
  auto add = [&f](const partial_record& made) -> result<void> {
    write_file(f.home / "down/m/sub", "mine");
    return f.remember(made);
  };
  const auto replaced = files->replace(older, add, {});
  REQUIRE_FALSE(replaced);
  CHECK(replaced.error().code == errc::conflict);
  const fs::path out = f.home / "down/.shoal" / f.record.name;
  CHECK(replaced.error().text.find((out / "sub").string()) != std::string::npos);
  CHECK(read_file(out / "sub") == "mine");
  // Nobody deletes it, and the update ends when it is gone.
  CHECK(remove_partial((f.home / "down").string(), f.record, f.next.info.get()).error().code == errc::conflict);
  CHECK(files->discard().error().code == errc::conflict);
  fs::rename(out / "sub", f.home / "saved");
  REQUIRE(files->replace(older, add, {}));
  CHECK(f.place() == f.wanted());
}

TEST_CASE("the older version is not cleared up into something else", "[version_swap]") {
  fixture f;
  f.fetched(f.older()).reset();
  const older_content older = f.older();
  auto place = make_partial((f.home / "down").string(), *f.next.info, f.record, f.remember, &older);
  REQUIRE(place);
  REQUIRE(swap_in(*place, *f.next.info, f.remember));
  place = error{};
  fs::rename(f.home / "down/m", f.home / "moved");
  const bool other = GENERATE(false, true);
  if (other) write_file(f.home / "down/m/mine", "another");
  const auto ended = end_swap((f.home / "down").string(), *f.next.info, f.record, nullptr, true);
  REQUIRE_FALSE(ended);
  CHECK(ended.error().code == errc::conflict);
  CHECK(read_file(f.home / "down/.shoal" / f.record.name / "mine") == "mine");
}

TEST_CASE("times of linked files change only with the swap", "[version_swap]") {
  fixture f;
  const older_content older = f.older();
  const auto files = f.fetched(older);
  const auto before = fs::last_write_time(f.home / "down/m/same");
  wanted_attributes wanted;
  wanted.files.resize(f.next.info->regular_file_count());
  for (file_attributes& one : wanted.files) one = {1'000'000'000'000'000'000, 0644};
  auto refuse = [](const partial_record&) -> result<void> { return error{errc::disk, "full"}; };
  REQUIRE_FALSE(files->replace(older, refuse, wanted));
  CHECK(fs::last_write_time(f.home / "down/m/same") == before);
  REQUIRE(files->replace(older, f.remember, wanted));
  CHECK(fs::last_write_time(f.home / "down/m/same") != before);
  const auto checked = files->check();
  REQUIRE(checked);
  CHECK(checked->empty());
}

TEST_CASE("the directories keep their permissions", "[version_swap]") {
  fixture f;
  fs::permissions(f.home / "down/m", fs::perms::owner_all | fs::perms::group_all);
  fs::permissions(f.home / "down/m/old", fs::perms::owner_all);
  const older_content older = f.older();
  REQUIRE(f.fetched(older)->replace(older, f.remember, {}));
  CHECK(fs::status(f.home / "down/m").permissions() == (fs::perms::owner_all | fs::perms::group_all));
  CHECK(fs::status(f.home / "down/m/old").permissions() == fs::perms::owner_all);
}

}  // namespace shoal
