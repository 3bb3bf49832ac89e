#include "cmd/remedy.hpp"

#include <catch2/catch.hpp>

#include "cmd/program_name.hpp"

using namespace shoal;

TEST_CASE("an error is told with what helps, in words of the command line") {
  set_program_name("node");
  CHECK(text_with_remedy({errc::disk, "broken"}) == "broken");
  CHECK(text_with_remedy({errc::not_found, "no share", remedy::see_list}) == "no share; see 'node list'");
  CHECK(text_with_remedy({errc::not_found, "no directory /x", remedy::make_directory}) ==
        "no directory /x; create it, or choose another directory with --dir");
  // Each remedy has words.
  for (int i = 1; i <= static_cast<int>(remedy::other_port); ++i) {
    CHECK(text_with_remedy({errc::disk, "x", static_cast<remedy>(i)}).size() > 5);
  }
  set_program_name("shoal");
}

TEST_CASE("the error of a row has its class and its remedy") {
  const error why = error_of_row("no_space", "full", "free_space");
  CHECK(why.code == errc::no_space);
  CHECK(why.text == "full");
  CHECK(why.helps == remedy::free_space);
  CHECK(error_of_row({}, "x", "of a newer peer").helps == remedy::none);
}
