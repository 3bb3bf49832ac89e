#include "cmd/settings.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>

#include "cmd/arguments.hpp"
#include "cmd/command.hpp"
#include "cmd/home_path.hpp"
#include "cmd/settings_file.hpp"

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
  values.emplace("HOME", "/my/home");
  return arguments::parse(*find_command(name), words, variables(std::move(values)));
}

result<arguments> with_file(std::string_view command, const std::string& content) {
  const config_file file(content);
  return parse(command, {"--config", file.path});
}

// The error without the name of the file.
std::string mistake(std::string_view command, const std::string& content) {
  const config_file file(content);
  const auto given = parse(command, {"--config", file.path});
  REQUIRE_FALSE(given);
  CHECK(given.error().code == errc::usage);
  REQUIRE(given.error().text.find(file.path) == 0);
  return given.error().text.substr(file.path.size());
}

}  // namespace

TEST_CASE("a settings file may be written in many ways") {
  const std::string content = GENERATE(
      as<std::string>{}, "tracker = a:1\ndir = /d\n", "tracker=a:1\r\ndir=/d\r\n", "tracker=a:1\rdir=/d\r",
      "\xEF\xBB\xBFtracker = a:1\ndir = /d", "# mine\n; too\n\n  \t\n  tracker =  a:1\t# here\n\tdir = /d  ; there\n",
      "tracker = \"a:1\"\ndir = '/d' # a comment\n", "Tracker: a:1\nDIR: /d\n", "[shoal]\ntracker = a:1\ndir = /d\n",
      "[Peer]\ntracker = a:1\n[ peer ] # x\ndir=/d\n", "dir =\ndir = /d\ntracker = a:1\nname = \"\"\n");
  CAPTURE(content);
  const auto given = with_file("peer", content);
  REQUIRE(given);
  CHECK(given->texts("tracker") == texts{"a:1"});
  CHECK(given->text("dir") == "/d");
  CHECK(given->text("name").empty());
}

TEST_CASE("quotes keep what would be a comment, blanks and quotes") {
  const auto given = with_file("peer", "dir = \"/a # b; c \"\nname = '\"me\"'\nstate = \"x\\\"y\\\\z\\n\"\n");
  REQUIRE(given);
  CHECK(given->text("dir") == "/a # b; c ");
  CHECK(given->text("name") == "\"me\"");
  CHECK(given->text("state") == "x\"y\\z\\n");
  CHECK(with_file("peer", "dir = /a#b;c\\d 'e'\n")->text("dir") == "/a#b;c\\d 'e'");
}

TEST_CASE("several trackers and shares may be named") {
  CHECK(with_file("peer", "tracker = a:1, b:2\ntracker = c:3\n")->texts("tracker") == texts{"a:1", "b:2", "c:3"});
  CHECK(with_file("peer", "tracker = \"a:1\", \"b:2\"\n")->texts("tracker") == texts{"a:1", "b:2"});
  CHECK(with_file("peer", "share = /a, b\nshare = /c\n")->texts("share") == texts{"/a, b", "/c"});
}

TEST_CASE("a section holds for one command and wins over the lines before") {
  const config_file file(
      "listen = :1\n[tracker]\nlisten = :2\nallow_advertise = true\n[peer]\nshare = /a\nshare = "
      "/b\n[get]\ntracker=x:1\n");
  const auto tracker = parse("tracker", {"--config", file.path});
  REQUIRE(tracker);
  CHECK(tracker->texts("listen") == texts{":2"});
  CHECK(tracker->flag("allow-advertise"));
  const auto peer = parse("peer", {"--config", file.path});
  REQUIRE(peer);
  CHECK(peer->text("listen") == ":1");
  CHECK(peer->texts("share") == texts{"/a", "/b"});
  CHECK(peer->texts("tracker").empty());
  CHECK(parse("list", {"--config", file.path})->texts("tracker") == texts{"x:1"});
}

TEST_CASE("a mistake in the file is named with its line and the remedy") {
  CHECK(mistake("peer", "\n# x\r\ntreacker = a:1\n") ==
        ", line 3: unknown setting 'treacker': did you mean 'tracker'?");
  CHECK(
      mistake("peer", "frobnicate = a:1\n").find(", line 1: unknown setting 'frobnicate': settings are tracker, dir") ==
      0);
  CHECK(mistake("list", "[peer]\njson = 1\n").find(", line 2: unknown setting 'json'") == 0);
  CHECK(mistake("peer", "[traker]\ndir = /d\n").find(", line 1: unknown section [traker]: use the name of a") == 0);
  CHECK(mistake("peer", "dir = /d\n[peer\n") == ", line 2: '[peer' is no section: write [NAME]");
  CHECK(mistake("peer", "tracker a:1\n").find(", line 1: 'tracker a:1' sets nothing: write NAME = VALUE") == 0);
  CHECK(mistake("peer", "dir = '/a\n") == ", line 1: dir: the quote ' is not closed");
  CHECK(mistake("peer", "dir = '/a' b\n").find(", line 1: dir: what follows the quoted value") == 0);
  CHECK(mistake("peer", "dir = /a\ndir = /b\n").find(", line 2: 'dir' takes one value, and ") == 0);
  CHECK(mistake("peer", "dir = '/a', '/b'\n") == ", line 1: 'dir' takes one value");
  CHECK(mistake("peer", "\nworkers = many\n").find(", line 2: ") == 0);
  CHECK(mistake("peer", "tracker = x:1\ntracker = y:2, a:b:c\n").find(", line 2: tracker: 'a:b:c' is not an end") == 0);
  CHECK(mistake("peer", "port = x\n").find(", line 1: unknown setting 'port': ") == 0);
  CHECK(mistake("peer", "listen = ::1:0\n").find(", line 1: listen: '::1:0' ") == 0);
  CHECK(mistake("peer", "workers = -1\n") == ", line 1: workers: '-1' does not fit: use 0 to 1024 threads");
  CHECK(mistake("tracker", "heartbeat = 5\n").find(", line 1: heartbeat: '5' does not fit: use 100 to 600000") == 0);
  CHECK(mistake("list", "log-level = loud\n").find(", line 1: log-level: unknown log level 'loud': use ") == 0);
  CHECK(mistake("list", "log-format = xml\n") == ", line 1: log-format: unknown log format 'xml': use text or json");
  CHECK(mistake("peer", "advertise = x:1\n").find(", line 1: advertise: 'x:1' is no address: write ") == 0);
  CHECK(mistake("tracker", "\nallow-advertise = maybe\n").find(", line 2: ") == 0);
  // Whichever command reads it.
  CHECK(mistake("status", "[peer]\ntracker = a:b:c\n").find(", line 2: tracker: ") == 0);
  CHECK(mistake("peer",
                "dir = /gr\xF6\xDF"
                "e\n") == ", line 1: this is not UTF-8: save the file as UTF-8");
  CHECK(mistake("peer", std::string("\xFF\xFE"
                                    "d\0i\0",
                                    6)) == ", line 1: this is not UTF-8: save the file as UTF-8");
}

TEST_CASE("a settings file that cannot be read is named") {
  CHECK(parse("peer", {"--config", "/nowhere/shoal.ini"}).error().code == errc::not_found);
  const auto directory = parse("peer", {"--config", "/tmp"});
  REQUIRE_FALSE(directory);
  CHECK(directory.error().text.find("cannot read the settings file /tmp: ") == 0);
  CHECK(with_file("peer", std::string(300'000, '\n')).error().code == errc::limit);
  CHECK(parse("peer", {}, {{"XDG_CONFIG_HOME", "/nowhere"}}));
  const config_file garbage("garbage");
  CHECK(parse("peer", {"--config", garbage.path, "--help"})->flag("help"));
}

TEST_CASE("a mistake in a variable is named") {
  CHECK(parse("peer", {}, {{"SHOAL_WORKERS", "many"}}).error().text.find("SHOAL_WORKERS: ") == 0);
  CHECK(parse("list", {}, {{"SHOAL_TRACKER", "x:1 a:b:c"}}).error().text.find("SHOAL_TRACKER: 'a:b:c' is not an") == 0);
  // Even where there is no such option.
  CHECK(parse("list", {}, {{"SHOAL_HEARTBEAT", "often"}}).error().text.find("SHOAL_HEARTBEAT: 'often'") == 0);
  CHECK(parse("peer", {}, {{"SHOAL_LISTEN", "x:y"}}).error().text.find("SHOAL_LISTEN: 'x:y' is not an endpoint") == 0);
  CHECK(parse("peer", {}, {{"SHOAL_LOG_LEVEL", "loud"}}).error().text.find("SHOAL_LOG_LEVEL: unknown log level") == 0);
  CHECK(parse("peer", {}, {{"SHOAL_TRACKER", "\xF6:1"}}).error().text.find("SHOAL_TRACKER: ") == 0);
  CHECK(parse("peer", {}, {{"SHOAL_DIR", "/\xF6"}}).error().text.find("SHOAL_DIR: ") == 0);
}

TEST_CASE("what was set outside of the command line is known by its place") {
  const config_file file("share = /a\nshare = /b\n");
  const auto given = parse("peer", {"--config", file.path});
  REQUIRE(given);
  CHECK(given->origin("share", 1) == file.path + ", line 2: ");
  CHECK(given->origin("name", 0).empty());
  CHECK(parse("peer", {"--share", "/c", "--config", file.path})->origin("share", 0).empty());
}

TEST_CASE("a tilde means the home directory wherever no shell has seen it") {
  const auto given = with_file("peer", "dir = ~/dl\nshare = ~\nshare = '~/a b'\nname = ~/x\n");
  REQUIRE(given);
  CHECK(given->text("dir") == "/my/home/dl");
  CHECK(given->texts("share") == texts{"/my/home", "/my/home/a b"});
  CHECK(given->text("name") == "~/x");
  CHECK(parse("peer", {"--dir=~/x"})->text("dir") == "/my/home/x");
  CHECK(parse("list", {}, {{"SHOAL_TRUST", "~/t"}})->text("trust") == "/my/home/t");
  CHECK(parse("peer", {}, {{"SHOAL_STATE", "~/s"}})->state_directory().value() == "/my/home/s");
  const environment nothing = variables({});
  CHECK(expand_home("~root/x", nothing).starts_with('/'));
  CHECK(expand_home("~no-such-account/x", nothing) == "~no-such-account/x");
  CHECK(expand_home("a~", nothing) == "a~");
  CHECK(expand_home("", nothing).empty());
  CHECK(expand_home("~/x", nothing).starts_with('/'));
}
