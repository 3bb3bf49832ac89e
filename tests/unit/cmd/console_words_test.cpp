#include "cmd/console_words.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "show_result.hpp"

using namespace shoal;
using words = std::vector<std::string>;

namespace {

// A folder with files in it, which is also the home directory.
struct home {
  home() {
    std::string pattern = (std::filesystem::temp_directory_path() / "shoal-words-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
    for (const char* name : {"a.bin", "b.bin", "c d.txt", "-x.txt", ".hidden.bin", "one.torrent"}) {
      std::ofstream(path + "/" + name) << "x";
    }
    std::filesystem::create_directory(path + "/folder");
  }
  ~home() { std::filesystem::remove_all(path); }

  words of(const std::string& line) const {
    const auto found = console_words(line, [this](const char*) { return path.c_str(); });
    REQUIRE(found);
    return *found;
  }
  std::string path;
};

}  // namespace

TEST_CASE("paths of this machine are expanded as a shell does it") {
  const home h;
  const std::string& p = h.path;
  CHECK(h.of("add ~/*.bin") == words{"add", p + "/a.bin", p + "/b.bin"});
  CHECK(h.of("ADD " + p + "/[ab].bin " + p + "/c\\ d.t?t") == words{"ADD", p + "/a.bin", p + "/b.bin", p + "/c d.txt"});
  CHECK(h.of("add ~/{a,b}.bin") == words{"add", p + "/a.bin", p + "/b.bin"});
  CHECK(h.of("add ~ ~/x") == words{"add", p, p + "/x"});
  CHECK(h.of("add '~/*.bin' ~/nothing-*") == words{"add", "~/*.bin", p + "/nothing-*"});
  CHECK(h.of("add --symlinks ~/a.bin") == words{"add", "--symlinks", p + "/a.bin"});
  CHECK(h.of("download x --dir ~/fold*") == words{"download", "x", "--dir", p + "/folder"});
  CHECK(h.of("torrent x* -o ~/x.torrent") == words{"torrent", "x*", "-o", p + "/x.torrent"});
  CHECK(h.of("why --dump ~/x.json") == words{"why", "--dump", p + "/x.json"});
  CHECK(h.of("down ~/*.torrent") == words{"down", p + "/one.torrent"});
}

TEST_CASE("names of shares and words of nobody stay as they are") {
  const home h;
  CHECK(h.of("list ~/*.bin") == words{"list", "~/*.bin"});
  CHECK(h.of("download *.bin ~x") == words{"download", "*.bin", "~x"});
  CHECK(h.of("remove *") == words{"remove", "*"});
  CHECK(h.of("bogus ~/*") == words{"bogus", "~/*"});
  CHECK(h.of("") == words{});
}

TEST_CASE("a file whose name looks like an option stays a file") {
  const home h;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(h.path);
  CHECK(h.of("add *.txt") == words{"add", "./-x.txt", "c d.txt"});
  std::filesystem::current_path(before);
}

TEST_CASE("one path is wanted where an option takes one") {
  const home h;
  const auto several = console_words("download x --dir " + h.path + "/*.bin", [](const char*) { return nullptr; });
  REQUIRE_FALSE(several);
  CHECK(several.error().code == errc::usage);
  CHECK(several.error().text.find("means 2 paths, and --dir takes one") != std::string::npos);
  CHECK_FALSE(console_words("add 'x", [](const char*) { return nullptr; }));
}
