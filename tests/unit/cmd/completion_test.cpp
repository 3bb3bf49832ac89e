#include "cmd/completion.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

using namespace shoal;
using texts = std::vector<std::string>;

namespace {

texts complete(std::string_view line, texts names = {}) {
  return complete_line(line, [&names] { return names; }).words;
}

struct folder {
  folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "shoal-complete-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
    std::filesystem::create_directory(path + "/my folder");
    std::ofstream(path + "/my file") << "x";
    std::ofstream(path + "/.hidden") << "x";
  }
  ~folder() { std::filesystem::remove_all(path); }
  std::string path;
};

}  // namespace

TEST_CASE("the first word is a verb in the case that was begun") {
  CHECK(complete("dow") == texts{"down", "download"});
  CHECK(complete("DOWNL") == texts{"DOWNLOAD"});
  CHECK(complete("help sta") == texts{"status"});
  // A peer cannot be started from its own console.
  CHECK(complete("peer") == texts{"peers"});
}

TEST_CASE("names are quoted for the line") {
  const auto found = complete_line("download My\\ H", [] { return texts{"My Home.mkv", "My house", "Other"}; });
  CHECK(found.start == 9);
  CHECK(found.words == texts{"My\\ Home.mkv"});
  CHECK(complete("download x", {"y"}).empty());
}

TEST_CASE("paths after add, folders with a slash") {
  const folder made;
  CHECK(complete("add " + made.path + "/") == texts{made.path + "/my\\ file", made.path + "/my\\ folder/"});
  CHECK(complete("ADD " + made.path + "/.h") == texts{made.path + "/.hidden"});
  CHECK(complete("add /nowhere/at/all/").empty());
}

TEST_CASE("paths after options that take one") {
  const folder made;
  CHECK(complete("list --trust " + made.path + "/.h") == texts{made.path + "/.hidden"});
  CHECK(complete("add x --sign " + made.path + "/.h") == texts{made.path + "/.hidden"});
}

TEST_CASE("options of the command") {
  CHECK(complete("torrent --mag") == texts{"--magnet"});
  CHECK(complete("nonsense --mag").empty());
}
