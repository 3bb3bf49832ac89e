#include "cmd/arguments.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>

#include "cmd/command.hpp"

#include "show_result.hpp"

using namespace shoal;
using texts = std::vector<std::string>;

namespace {

struct config_file {
  explicit config_file(const std::string& content) {
    std::string pattern = (std::filesystem::temp_directory_path() / "shoal-config-XXXXXX").string();
    ::close(::mkstemp(pattern.data()));
    path = pattern;
    std::ofstream(path) << content;
  }
  ~config_file() { std::filesystem::remove(path); }
  std::string path;
};

environment variables(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) -> const char* {
    const auto found = values.find(name);
    return found == values.end() ? nullptr : found->second.c_str();
  };
}

result<arguments> parse(std::string_view name, texts words, std::map<std::string, std::string> values = {}) {
  return arguments::parse(*find_command(name), words, variables(std::move(values)));
}

}  // namespace

TEST_CASE("options win over the environment, the environment over the file") {
  const config_file file("tracker = file:1\ndir = /file\nlog-level = debug\n");
  const std::map<std::string, std::string> values{
      {"SHOAL_CONFIG", file.path}, {"SHOAL_DIR", "/variable"}, {"SHOAL_LOG_LEVEL", "error"}};
  const auto given = parse("peer", {"--log-level", "trace"}, values);
  REQUIRE(given);
  CHECK(given->texts("tracker") == texts{"file:1"});
  CHECK(given->text("dir") == "/variable");
  CHECK(given->text("log-level") == "trace");
  CHECK(given->typed("log-level"));
  CHECK_FALSE(given->typed("dir"));
  CHECK(parse("peer", {"--tracker", "typed:1"}, values)->texts("tracker") == texts{"typed:1"});
}

TEST_CASE("a file named by option wins over SHOAL_CONFIG") {
  const config_file one("dir = /one\n");
  const config_file two("dir = /two\n");
  CHECK(parse("peer", {"--config", one.path}, {{"SHOAL_CONFIG", two.path}})->text("dir") == "/one");
}

TEST_CASE("a variable names several trackers") {
  CHECK(parse("peer", {}, {{"SHOAL_TRACKER", "a:1,b:2 c:3,"}})->texts("tracker") == texts{"a:1", "b:2", "c:3"});
}

TEST_CASE("no option may be abbreviated or unknown") {
  const auto unknown = parse("list", {"--bogus"});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == errc::usage);
  CHECK(unknown.error().text == "unknown option '--bogus': see 'shoal help list'");
  const auto misspelt = parse("list", {"--tracer", "host"});
  REQUIRE_FALSE(misspelt);
  CHECK(misspelt.error().text == "unknown option '--tracer': did you mean '--tracker'? See 'shoal help list'");
  CHECK_FALSE(parse("list", {"--log", "debug"}));
  CHECK_FALSE(parse("list", {"--tracker"}));
  CHECK_FALSE(parse("peer", {"--workers", "many"}));
}

TEST_CASE("an empty path is not taken for no option at all") {
  const std::vector<std::pair<std::string_view, std::string>> options{
      {"status", "--state"}, {"status", "--config"}, {"peer", "--dir"},       {"peer", "--share"}, {"peer", "--key"},
      {"peer", "--trust"},   {"why", "--dump"},      {"torrent", "--output"}, {"add", "--sign"}};
  for (const auto& [name, option] : options) {
    texts words{option, ""};
    if (name == "torrent" || name == "add") words.emplace_back("x");
    const auto refused = parse(name, words);
    INFO(name << " " << option);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text == option + ": '' is no path: name a file or directory");
  }
}

TEST_CASE("what is typed has its form, whether it is used or not") {
  const auto tracker = parse("list", {"--tracker", "foo:bar:1"});
  REQUIRE_FALSE(tracker);
  CHECK(tracker.error().code == errc::usage);
  CHECK(tracker.error().text.find("--tracker: 'foo:bar:1' is not an endpoint: write HOST:PORT") == 0);
  for (const char* name : {"peers", "download", "peer"}) {
    texts words{"--tracker", "foo:bar:1"};
    if (std::string_view(name) == "download") words.emplace_back("x");
    CHECK_FALSE(parse(name, words));
  }
  CHECK_FALSE(parse("download", {"x", "--peer", "host"}));
  CHECK_FALSE(parse("peer", {"--listen", "::1:0"}));
  CHECK_FALSE(parse("tracker", {"--heartbeat", "1"}));
  CHECK_FALSE(parse("list", {"--log-level", "loud"}));
  CHECK(parse("list", {"--tracker", "host"}));
}

TEST_CASE("operands are counted") {
  CHECK(parse("add", {}).error().text == "'add' needs PATH…: see 'shoal help add'");
  CHECK(parse("add", {"a", "--", "-b"})->texts("operands") == texts{"a", "-b"});
  CHECK_FALSE(parse("list", {"a", "b"}));
  CHECK_FALSE(parse("status", {"a"}));
  CHECK(parse("add", {"--help"})->flag("help"));
}

TEST_CASE("paths become absolute without being resolved") {
  CHECK(absolute_path("") == "");
  CHECK(absolute_path("/a/../b") == "/b");
  CHECK(absolute_path("/a/") == "/a");
  CHECK(absolute_path("/") == "/");
  CHECK(absolute_path(".") == std::filesystem::current_path().string());
  CHECK(absolute_path("x") == std::filesystem::current_path().string() + "/x");
}
