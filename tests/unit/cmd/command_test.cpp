#include "cmd/command.hpp"

#include <catch2/catch.hpp>

#include "cmd/program_name.hpp"
#include "cmd/run.hpp"

using namespace shoal;
using texts = std::vector<std::string>;

TEST_CASE("commands are found by name and alias in any case") {
  CHECK(find_command("list")->name == "list");
  CHECK(find_command("GET")->name == "list");
  CHECK(find_command("Down")->name == "download");
  CHECK(find_command("") == nullptr);
  CHECK(find_command("lis") == nullptr);
}

TEST_CASE("a misspelling is recognised, another word is not") {
  CHECK(nearest_command("lsit")->name == "list");
  CHECK(nearest_command("donwload")->name == "download");
  CHECK(nearest_command("frobnicate") == nullptr);
  CHECK(unknown_command("limt").text == "unknown command 'limt': did you mean 'limit'? See 'shoal help'");
  CHECK(unknown_command("statsu").text == "unknown command 'statsu': did you mean 'status'? See 'shoal help'");
  CHECK(unknown_command("frobnicate").text == "unknown command 'frobnicate': see 'shoal help'");
  CHECK(unknown_command(std::string(100'000, 'x')).code == errc::usage);
}

TEST_CASE("every command has help with an example") {
  for (const command& known : all_commands()) {
    const std::string help = help_of(known);
    CHECK(help.find("Usage: shoal " + std::string(known.name)) == 0);
    CHECK(help.find("Example:\n  shoal " + std::string(known.name)) != std::string::npos);
    CHECK(help_of_program().find("\n  " + std::string(known.name)) != std::string::npos);
  }
}

TEST_CASE("the program is called as the user called it") {
  set_program_name("/usr/local/bin/other");
  CHECK(quoted_command("list") == "'other list'");
  CHECK(help_of(*find_command("list")).find("Usage: other list [OPTIONS] [GLOB]") == 0);
  set_program_name("");
  set_program_name(nullptr);
  CHECK(program_name() == "other");
  set_program_name("shoal");
  for (const command& known : all_commands()) CHECK(help_of(known).find("node") == std::string::npos);
  CHECK(help_of_program().find("node") == std::string::npos);
}

TEST_CASE("a line that is wrong in other ways may still ask for JSON") {
  CHECK(wants_json({"lsit", "--bogus", "--json"}));
  CHECK_FALSE(wants_json({"add", "--", "--json"}));
  CHECK_FALSE(wants_json({}));
}

TEST_CASE("options may stand in front of the command") {
  const auto line = split_command_line({"--state", "list", "--log-level=debug", "-h", "peers", "--json"});
  CHECK(line.word == "peers");
  CHECK(line.words == texts{"--state", "list", "--log-level=debug", "-h", "--json"});
  CHECK(split_command_line({}).word.empty());
  CHECK(split_command_line({"--state"}).words == texts{"--state"});
}
