#include "store/secret_file.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "show_result.hpp"
#include "unit/store/temporary_directory.hpp"

namespace shoal {

using test::temporary_directory;

TEST_CASE("a secret file is private from its first moment, and is never replaced", "[secret_file]") {
  const temporary_directory home;
  const std::string path = home.path() / "key";
  REQUIRE(write_secret_file(path, "secret\n"));
  struct stat found{};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 07777) == 0600);
  CHECK(*read_secret_file(path) == "secret\n");
  const auto again = write_secret_file(path, "other\n");
  REQUIRE_FALSE(again);
  CHECK(again.error().code == errc::conflict);
  CHECK(*read_secret_file(path) == "secret\n");
}

TEST_CASE("a file that others may read is no secret", "[secret_file]") {
  const temporary_directory home;
  const std::string path = home.path() / "key";
  REQUIRE(write_secret_file(path, "secret\n"));
  for (const mode_t mode : {0640u, 0604u, 0620u}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    const auto read = read_secret_file(path);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == errc::permission);
    CHECK(read.error().text.find(path) != std::string::npos);
  }
}

TEST_CASE("what is no file of a key's size is refused, and a pipe is not waited for", "[secret_file]") {
  const temporary_directory home;
  CHECK(read_secret_file(home.path()).error().code == errc::malformed);
  CHECK(read_secret_file(home.path() / "missing").error().code == errc::not_found);
  const std::string pipe = home.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(read_secret_file(pipe).error().code == errc::malformed);
  const std::string large = home.path() / "large";
  REQUIRE(write_secret_file(large, std::string(secret_file_bytes_max + 1, 'x')));
  CHECK(read_secret_file(large).error().code == errc::malformed);
}

}  // namespace shoal
