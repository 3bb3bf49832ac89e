#include "core/error.hpp"

#include <catch2/catch.hpp>
#include <cerrno>

using namespace shoal;

TEST_CASE("names of errors and their classes are inverse to each other") {
  for (int i = 0; i <= static_cast<int>(errc::internal); ++i) {
    const auto code = static_cast<errc>(i);
    CHECK(errc_of(name_of(code)) == code);
    CHECK(exit_code(code) != 0);
  }
  CHECK(errc_of("no such name") == errc::internal);
}

TEST_CASE("names of remedies are inverse to each other") {
  CHECK(name_of(remedy::none).empty());
  for (int i = 0; i <= static_cast<int>(remedy::some_tracker); ++i) {
    const auto what = static_cast<remedy>(i);
    CHECK(remedy_of(name_of(what)) == what);
    CHECK(name_of(what).empty() == (what == remedy::none));
  }
  CHECK(remedy_of("no such name") == remedy::none);
}

TEST_CASE("an error keeps its class and remedy within another") {
  const error why = within("cannot do it", helped_by(remedy::free_space, {errc::no_space, "full"}));
  CHECK(why.code == errc::no_space);
  CHECK(why.text == "cannot do it: full");
  CHECK(why.helps == remedy::free_space);
}

TEST_CASE("a failed system call becomes the class that errno means") {
  CHECK(system_error("f", ENOSPC).code == errc::no_space);
  CHECK(system_error("f", EACCES).code == errc::permission);
  CHECK(system_error("f", ENOENT).code == errc::not_found);
  for (const int lacking : {EMFILE, ENFILE, ENOMEM}) CHECK(system_error("f", lacking).code == errc::limit);
  CHECK(system_error("f", EIO).code == errc::disk);
  CHECK(system_error("f", ECONNREFUSED, errc::unreachable).code == errc::unreachable);
  CHECK(system_error("f", EIO).text.starts_with("f: "));
}

TEST_CASE("value() of a failed result throws the text") {
  const result<int> failed = error{errc::disk, "why"};
  CHECK_THROWS_WITH(failed.value(), "why");
}
