#include "store/state_directory.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "show_result.hpp"
#include "store/socket_name.hpp"
#include "store/state_database.hpp"
#include "unit/store/temporary_directory.hpp"

namespace shoal {
namespace {

using test::temporary_directory;

/// Sets an environment variable, or removes it, until the end of the scope.
class with_variable {
 public:
  with_variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    set(value);
  }
  ~with_variable() { set(before_ ? before_->c_str() : nullptr); }

 private:
  void set(const char* value) { value == nullptr ? unsetenv(name_) : setenv(name_, value, 1); }
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("a file in place of the state directory is named, and nobody is told to remove it", "[state_directory]") {
  const temporary_directory home;
  const std::string path = (home / "file").string();
  std::ofstream(path) << "mine";
  const auto opened = state_directory::open(path);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().text == path + " is not a directory");
  CHECK(opened.error().helps == remedy::other_state_directory);
}

TEST_CASE("one process at a time holds a state directory", "[state_directory]") {
  const temporary_directory home;
  const std::string path = (home / "a/b/state").string();
  std::optional<result<state_directory>> first = state_directory::open(path);
  REQUIRE(first->has_value());
  CHECK((*first)->path() == path);
  CHECK((*first)->control_socket() == path + "/control.sock");
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);

  const result<state_directory> second = state_directory::open(path);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::conflict);
  CHECK(second.error().text.find("pid " + std::to_string(getpid())) != std::string::npos);
  CHECK(second.error().text.find(path) != std::string::npos);
  CHECK(second.error().helps == remedy::end_other_peer);

  first.reset();
  CHECK(state_directory::open(path));
}

TEST_CASE("a state directory that cannot be is refused with a reason", "[state_directory]") {
  const temporary_directory home;
  test::write_file(home / "file", "x");
  CHECK_FALSE(state_directory::open((home / "file").string()));
  CHECK_FALSE(state_directory::open((home / "file/below").string()));
  CHECK(state_directory::open("").error().code == errc::usage);
  const auto longer = state_directory::open((home / std::string(256, 'x')).string());
  REQUIRE_FALSE(longer);
  CHECK(longer.error().helps == remedy::other_state_directory);
}

TEST_CASE("a state directory may be deep", "[state_directory]") {
  const temporary_directory home;
  // Beyond what a socket address takes, and what SQLite takes.
  const int folders = GENERATE(1, 2, 15);
  std::string path = home.path().string();
  for (int i = 0; i < folders; ++i) path += "/" + std::string(60, static_cast<char>('a' + i));
  const auto opened = state_directory::open(path);
  REQUIRE(opened);
  const auto name = socket_name::of(opened->control_socket());
  REQUIRE(name);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(name->text().size() < sizeof address.sun_path);
  name->text().copy(address.sun_path, name->text().size());
  const unique_descriptor server(socket(AF_UNIX, SOCK_STREAM, 0));
  REQUIRE(bind(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  CHECK(std::filesystem::is_socket(opened->control_socket()));

  for (const bool again : {false, true}) {
    std::string warning;
    const auto database = state_database::open(path, warning);
    REQUIRE(database);
    CHECK(warning.empty());
    if (again) CHECK((*database)->shares()->size() == 1);
    stored_share share;
    share.path = "/x";
    CHECK((*database)->save_share(share));
  }
  CHECK(std::filesystem::exists(path + "/state.db"));
}

TEST_CASE("the default state directory follows the environment", "[state_directory]") {
  const with_variable home("HOME", "/home/u");
  const with_variable base("XDG_STATE_HOME", "/xdg");
  {
    const with_variable state("SHOAL_STATE", "/mine");
    CHECK(*default_state_directory() == "/mine");
  }
  const with_variable state("SHOAL_STATE", nullptr);
  CHECK(*default_state_directory() == "/xdg/shoal");
  const with_variable relative("XDG_STATE_HOME", "xdg");
  CHECK(*default_state_directory() == "/home/u/.local/state/shoal");
}

}  // namespace shoal
