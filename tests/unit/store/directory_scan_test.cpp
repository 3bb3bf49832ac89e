#include "store/directory_scan.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>

#include "content/relative_path.hpp"
#include "show_result.hpp"
#include "store/beneath.hpp"
#include "store/partial_folder.hpp"
#include "unit/store/temporary_directory.hpp"

namespace shoal {
namespace {

using test::temporary_directory;
using test::write_file;
namespace fs = std::filesystem;
using kind = file_entry::kind;

std::vector<std::string> paths_of(const scan_result& found) {
  std::vector<std::string> paths;
  for (const file_entry& file : found.files) paths.push_back(file.path);
  return paths;
}

bool has_note(const scan_result& found, const std::string& name) {
  for (const std::string& note : found.notes) {
    if (note.find("/" + name + " ") != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a scan says when anything of it changed last", "[directory_scan]") {
  const temporary_directory home;
  write_file(home / "f/deep/a", "a");
  const auto changed = [&home](const char* name) {
    struct stat status{};
    REQUIRE(lstat((home / name).c_str(), &status) == 0);
    return std::int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec;
  };
  // A time that somebody gave a file says nothing of when that was done.
  const timespec old[2] = {{1, 0}, {1, 0}};
  REQUIRE(utimensat(AT_FDCWD, (home / "f/deep/a").c_str(), old, 0) == 0);
  CHECK(scan((home / "f").string(), {})->changed_ns == changed("f/deep/a"));
  CHECK(scan((home / "f/deep/a").string(), {})->changed_ns == changed("f/deep/a"));
  // What is gone from a folder has changed that.
  write_file(home / "f/deep/b", "b");
  fs::remove(home / "f/deep/b");
  CHECK(scan((home / "f").string(), {})->changed_ns == changed("f/deep"));
}

TEST_CASE("a folder is listed in the order of BEP 52", "[directory_scan]") {
  const temporary_directory home;
  // '-' and '.' sort before '/', so comparing whole paths would put a-b and a.b between a and its content.
  for (const char* path : {"a/z", "a/b/1", "a-b", "a.b", "B", "\xc3\xa9", "b", "a/Z"})
    write_file(home / "f" / path, path);
  fs::create_directories(home / "f/empty/deeper");
  const auto found = scan((home / "f").string(), {});
  REQUIRE(found);
  CHECK(found->folder);
  CHECK(found->name == "f");
  CHECK(found->path == (home / "f").string());
  CHECK(paths_of(*found) ==
        std::vector<std::string>{"B", "a/Z", "a/b/1", "a/z", "a-b", "a.b", "b", "empty/deeper", "\xc3\xa9"});
  CHECK(found->files[7].type == kind::empty_directory);
  REQUIRE(found->signatures.size() == found->files.size());
  CHECK(found->files[2].size == 5);
  CHECK(found->signatures[2].size == 5);
  CHECK(found->signatures[2].mtime_ns > 1'600'000'000'000'000'000);
  CHECK(found->notes.empty());
}

TEST_CASE("a single file and an empty folder can be listed", "[directory_scan]") {
  const temporary_directory home;
  write_file(home / "run.sh", "#!");
  fs::permissions(home / "run.sh", fs::perms::owner_all);
  fs::create_directory(home / "nothing");
  fs::create_symlink("run.sh", home / "latest");

  const auto file = scan((home / "run.sh").string(), {});
  REQUIRE(file);
  CHECK_FALSE(file->folder);
  CHECK(file->path == (home / "run.sh").string());
  CHECK(paths_of(*file) == std::vector<std::string>{"run.sh"});
  CHECK(file->files[0].executable);
  CHECK(file->attributes == std::vector<file_attributes>{{file->signatures[0].mtime_ns, 0700}});

  const auto empty = scan((home / "nothing").string() + "/", {});
  REQUIRE(empty);
  CHECK(empty->folder);
  CHECK(empty->name == "nothing");
  CHECK(empty->files.empty());
}

TEST_CASE("a share is called as it was asked for", "[directory_scan]") {
  const temporary_directory home;
  write_file(home / "v3/bin/run", "x");
  fs::create_directory_symlink("v3", home / "current");
  fs::create_symlink("v3/bin/run", home / "latest");
  const auto name_of = [&](const std::string& path) {
    const auto found = scan((home / path).string(), {});
    REQUIRE(found);
    return found->name;
  };
  CHECK(name_of("current") == "current");
  CHECK(name_of("current///") == "current");
  CHECK(name_of("current/bin") == "bin");
  CHECK(name_of("current/.") == "v3");
  CHECK(name_of("v3/bin/..") == "v3");
  const auto file = scan((home / "latest").string(), {});
  REQUIRE(file);
  CHECK(file->path == (home / "v3/bin/run").string());
  CHECK(paths_of(*file) == std::vector<std::string>{"latest"});
}

TEST_CASE("everything that must be mended is named at once", "[directory_scan]") {
  const temporary_directory home;
  for (const char* name : {"good", "bad\xff", "deep/Icon\r", "deep/er/na\xefve"}) write_file(home / "f" / name, "x");
  auto failed = scan((home / "f").string(), {});
  REQUIRE_FALSE(failed);
  std::string text = failed.error().text;
  CHECK(std::ranges::count(text, '\n') == 3);
  for (const char* name : {"f/bad\\xff", "f/deep/Icon\\x0d", "f/deep/er/na\\xefve", "rename"}) {
    CHECK(text.find(name) != std::string::npos);
  }
  for (int i = 0; i < 50; ++i) write_file(home / "f/many" / ("\xff" + std::to_string(i)), "x");
  failed = scan((home / "f").string(), {});
  REQUIRE_FALSE(failed);
  text = failed.error().text;
  CHECK(std::ranges::count(text, '\n') == 21);
  CHECK(text.find("53 names") != std::string::npos);
  CHECK(text.ends_with("and 33 more"));
}

TEST_CASE("a folder is listed however deep it is, up to the limit", "[directory_scan]") {
  const temporary_directory home;
  const unique_descriptor root(open(home.path().c_str(), O_RDONLY | O_DIRECTORY));
  directory_stack stack(root.get(), "ROOT");
  std::vector<std::string> made;
  // Longer than PATH_MAX, and deeper than directories are kept open.
  std::string path = "f";
  for (int i = 0; i < 200; ++i) path += "/" + std::string(50, static_cast<char>('a' + i % 26));
  REQUIRE(stack.make(path, made));
  REQUIRE(open_beneath(root.get(), path + "/x", O_WRONLY | O_CREAT, 0600));
  for (int up = 1; up < 150; up += 20) {
    std::string_view above = path;
    for (int i = 0; i < up; ++i) above = parent_path(above);
    REQUIRE(open_beneath(root.get(), std::string(above) + "/zz", O_WRONLY | O_CREAT, 0600));
  }
  const auto found = scan((home / "f").string(), {});
  REQUIRE(found);
  REQUIRE(found->files.size() == 9);
  CHECK("f/" + found->files.front().path == path + "/x");
  CHECK(std::ranges::is_sorted(found->files, tree_order, &file_entry::path));
  for (std::uint32_t i = 0; i < path_depth_max; ++i) path += "/d";
  REQUIRE(stack.make(path, made));
  const auto failed = scan((home / "f").string(), {});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::limit);
  CHECK(failed.error().text.find("pack") != std::string::npos);
  CHECK(failed.error().text.size() < 2000);
  CHECK(remove_tree(root.get(), "f", "ROOT/f"));
  CHECK(fs::is_empty(home.path()));
}

TEST_CASE("what is no file is skipped with a note", "[directory_scan]") {
  const temporary_directory home;
  write_file(home / "f/file", "x");
  REQUIRE(mkfifo((home / "f/pipe").c_str(), 0600) == 0);
  fs::create_symlink("file", home / "f/link");
  const auto found = scan((home / "f").string(), {});
  REQUIRE(found);
  CHECK(paths_of(*found) == std::vector<std::string>{"file"});
  CHECK(found->notes.size() == 2);
  CHECK(has_note(*found, "pipe"));
  CHECK(has_note(*found, "link"));
  CHECK(scan((home / "f/pipe").string(), {}).error().code == errc::malformed);
}

TEST_CASE("symlinks are kept when they stay inside", "[directory_scan]") {
  const temporary_directory home;
  write_file(home / "f/a/file", "x");
  write_file(home / "secret", "x");
  fs::create_symlink("a/file", home / "f/down");
  fs::create_symlink("../a/./file", home / "f/a/around");
  fs::create_directory_symlink("a", home / "f/folder");
  fs::create_symlink("../secret", home / "f/out");
  fs::create_symlink("a/../../f/a/file", home / "f/out_and_in");
  fs::create_symlink(home / "f/a/file", home / "f/absolute");
  fs::create_directory_symlink("..", home / "f/a/root");
  const auto found = scan((home / "f").string(), {.symlinks = true});
  REQUIRE(found);
  CHECK(paths_of(*found) == std::vector<std::string>{"a/around", "a/file", "down", "folder"});
  CHECK(found->files[0].symlink_target == "a/file");
  CHECK(found->files[2].symlink_target == "a/file");
  CHECK(found->files[3].symlink_target == "a");
  CHECK(found->files[3].type == kind::symlink);
  for (const char* out : {"out", "out_and_in", "absolute", "root"}) CHECK(has_note(*found, out));
}

TEST_CASE("what cannot be shared as it is fails with its name", "[directory_scan]") {
  const temporary_directory home;
  CHECK(scan((home / "missing").string(), {}).error().code == errc::not_found);
  CHECK(scan("/", {}).error().code == errc::malformed);

  for (const char* bad : {"bad\xff", "new\nline"}) {
    fs::remove_all(home / "f");
    write_file(home / "f" / bad, "x");
    const auto failed = scan((home / "f").string(), {});
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == errc::malformed);
    CHECK(failed.error().text.find("\\x") != std::string::npos);
    CHECK(failed.error().text.find("rename it") != std::string::npos);
  }
}

TEST_CASE("our own state and what is unfinished are no part of a share", "[directory_scan]") {
  const temporary_directory home;
  write_file(home / "f/content", "x");
  write_file(home / "f/.shoal/id", "unfinished");
  write_file(home / "f/deep/.shoal/id", "unfinished");
  write_file(home / "f/deep/mine/state.db", "state");
  write_file(home / "f/.shoal-notes", "x");
  fs::create_directory_symlink(home / "f/deep/mine", home / "state");
  const auto found = scan((home / "f").string(), {.symlinks = false, .state_directory = (home / "state").string()});
  REQUIRE(found);
  CHECK(paths_of(*found) == std::vector<std::string>{".shoal-notes", "content", "deep"});
  CHECK(found->files[2].type == kind::empty_directory);
  CHECK(found->notes.size() == 3);
  for (const char* skipped : {"f/.shoal", "deep/.shoal", "deep/mine"}) CHECK(has_note(*found, skipped));
  const scan_options options{false, (home / "state").string()};
  for (const char* none : {"f/.shoal", "f/.shoal/id", "state", "f/deep/mine"}) {
    const auto failed = scan((home / none).string(), options);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == errc::malformed);
    CHECK(failed.error().text.find("shared") != std::string::npos);
  }
}

TEST_CASE("want of descriptors says nothing of a folder", "[directory_scan]") {
  const temporary_directory home;
  write_file(home / "f/deep/a", "a");
  // So many are free: none, or one for the folder itself.
  const auto free = GENERATE(0, 1);
  const int next = open("/", O_RDONLY | O_CLOEXEC);
  REQUIRE(next >= 0);
  close(next);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(next + free);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  const auto failed = scan((home / "f").string(), {});
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::disk);
  CHECK(failed.error().text.find("Too many open files") != std::string::npos);
}

TEST_CASE("an unreadable file is an error, not an omission", "[directory_scan]") {
  const temporary_directory home;
  write_file(home / "f/locked", "x");
  fs::permissions(home / "f/locked", fs::perms::none);
  // The superuser may read everything: be nobody for the time of the scan.
  fs::permissions(home.path(), fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add);
  constexpr uid_t nobody = 65534;
  const bool superuser = geteuid() == 0;
  if (superuser) REQUIRE(seteuid(nobody) == 0);
  const auto failed = scan((home / "f").string(), {});
  if (superuser) REQUIRE(seteuid(0) == 0);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::permission);
  CHECK(failed.error().text.find("f/locked") != std::string::npos);
}

}  // namespace shoal
