#include "store/beneath.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "show_result.hpp"
#include "unit/store/temporary_directory.hpp"

namespace shoal {
namespace {

using test::temporary_directory;
using test::write_file;
namespace fs = std::filesystem;

struct fixture {
  fixture() {
    write_file(home / "root/a/b/file", "inside");
    write_file(home / "outside", "outside");
    fs::create_directory_symlink("..", home / "root/a/up");
    fs::create_directory_symlink("b", home / "root/a/near");
    fs::create_symlink("../../outside", home / "root/a/out");
    fs::create_symlink("b/file", home / "root/a/link");
    root.reset(open((home / "root").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(root);
  }
  temporary_directory home;
  unique_descriptor root;
};

}  // namespace

TEST_CASE("open_beneath never leaves the directory nor follows a symlink", "[beneath]") {
  const fixture f;
  const beneath_method method = GENERATE(beneath_method::automatic, beneath_method::walk);
  const auto opens = [&](const std::string& path, int flags = O_RDONLY) {
    return static_cast<bool>(open_beneath(f.root.get(), path, flags, 0600, method));
  };
  CHECK(opens("a/b/file"));
  CHECK(opens("a/b", O_RDONLY | O_DIRECTORY));
  CHECK_FALSE(opens("a/out"));
  CHECK_FALSE(opens("a/link"));
  CHECK_FALSE(opens("a/near/file"));
  CHECK_FALSE(opens("a/up/a/b/file"));
  CHECK_FALSE(opens("../outside"));
  CHECK_FALSE(opens("a/../../outside"));
  CHECK_FALSE(opens((f.home / "outside").string()));
  CHECK_FALSE(opens(std::string("a/b/file\0x", 10)));
  CHECK_FALSE(opens(""));
  CHECK_FALSE(opens("a/out", O_WRONLY | O_CREAT));
  CHECK_FALSE(opens("a/up/new", O_WRONLY | O_CREAT));
  CHECK_FALSE(fs::exists(f.home / "root/new"));
  CHECK(opens("a/b/new", O_WRONLY | O_CREAT | O_EXCL));
  CHECK_FALSE(opens("a/b/new", O_WRONLY | O_CREAT | O_EXCL));
  CHECK(test::read_file(f.home / "outside") == "outside");
}

TEST_CASE("a directory stack makes directories once and refuses symlinks", "[beneath]") {
  const fixture f;
  std::vector<std::string> created;
  directory_stack stack(f.root.get(), "ROOT");
  const result<int> first = stack.make_parent_of("a/new/deep/x", created);
  REQUIRE(first);
  CHECK(created == std::vector<std::string>{"a/new", "a/new/deep"});
  CHECK(*stack.make_parent_of("a/new/deep/y", created) == *first);
  REQUIRE(stack.make_parent_of("top", created));
  CHECK(*stack.make_parent_of("top", created) == f.root.get());
  REQUIRE(stack.make("empty", created));
  CHECK(created.size() == 3);
  CHECK(fs::is_directory(f.home / "root/a/new/deep"));
  CHECK(fs::is_directory(f.home / "root/empty"));

  const result<int> through_link = stack.make_parent_of("a/near/x", created);
  REQUIRE_FALSE(through_link);
  CHECK(through_link.error().code == errc::conflict);
  CHECK(through_link.error().text.find("ROOT/a/near") != std::string::npos);
  const result<int> through_file = stack.make_parent_of("a/b/file/x", created);
  REQUIRE_FALSE(through_file);
  CHECK(through_file.error().code == errc::conflict);
  CHECK(stack.parent_of("a/missing/x").error().code == errc::not_found);
  CHECK(stack.parent_of("a/b/file"));
}

TEST_CASE("paths longer than the system takes at once are gone in parts", "[beneath]") {
  const fixture f;
  std::vector<std::string> created;
  directory_stack stack(f.root.get(), "ROOT");
  std::string path = "long";
  for (std::uint32_t i = 0; i < 2 * open_levels_max; ++i) path += "/" + std::string(100, 'd');
  REQUIRE(stack.make_parent_of(path + "/1/x", created));
  CHECK(created.size() == 2 * open_levels_max + 2);
  REQUIRE(stack.make_parent_of(path + "/2/x", created));
  CHECK(created.size() == 2 * open_levels_max + 3);
  const beneath_method method = GENERATE(beneath_method::automatic, beneath_method::walk);
  const auto opens = [&](const std::string& below, int flags = O_RDONLY) {
    return static_cast<bool>(open_beneath(f.root.get(), below, flags, 0600, method));
  };
  CHECK(opens(path + "/1/file", O_WRONLY | O_CREAT));
  CHECK(stack.parent_of(path + "/1/file").has_value());
  CHECK(faccessat(*stack.parent_of(path + "/1/file"), "file", F_OK, 0) == 0);
  CHECK_FALSE(faccessat(*stack.parent_of(path + "/2/file"), "file", F_OK, 0) == 0);
  CHECK_FALSE(opens(path + "/../../file"));
  CHECK_FALSE(opens(path + "/missing/file"));
  REQUIRE(symlinkat("1", *stack.make(path, created), "link") == 0);
  CHECK_FALSE(opens(path + "/link/file"));
}

}  // namespace shoal
