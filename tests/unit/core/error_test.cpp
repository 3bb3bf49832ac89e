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
