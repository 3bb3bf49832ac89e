#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "store/content_files.hpp"
#include "unit/store/sample_share.hpp"

namespace shoal {

namespace {

namespace fs = std::filesystem;

// The kernel's clock for files ticks every few milliseconds.
void touch(const fs::path& path, const file_signature& before) {
  struct stat status{};
  do {
    REQUIRE(chmod(path.c_str(), 0600) == 0);
    REQUIRE(stat(path.c_str(), &status) == 0);
  } while (signature_of(status).ctime_ns == before.ctime_ns);
}

}  // namespace

TEST_CASE("a file that was touched is in doubt until it is accepted", "[content_files]") {
  const test::temporary_directory home;
  test::write_file(home / "folder/a", test::pattern(100'000, 1));
  test::write_file(home / "folder/b", test::pattern(100'000, 2));
  const test::sample share = test::sample_of(home / "folder");
  const auto cache = std::make_shared<file_cache>(512);
  const auto source = content_files::open_complete(share.path, share.info, share.signatures, cache);
  REQUIRE(source);
  CHECK((*source)->check()->empty());

  touch(home / "folder/b", share.signatures[1]);
  byte_buffer bytes(100);
  CHECK((*source)->read(piece_index{1}, 0, bytes));
  const auto doubtful = (*source)->check();
  REQUIRE(doubtful);
  REQUIRE(doubtful->size() == 1);
  CHECK(doubtful->front().file.value() == 1);
  (*source)->accept(*doubtful);
  CHECK((*source)->check()->empty());
  CHECK((*source)->signatures()[1] != share.signatures[1]);
  CHECK((*source)->signatures()[0] == share.signatures[0]);
}

TEST_CASE("what was recorded without the time of the last change is in no doubt", "[content_files]") {
  const test::temporary_directory home;
  test::write_file(home / "file", test::pattern(100'000, 1));
  test::sample share = test::sample_of(home / "file");
  touch(home / "file", share.signatures[0]);
  share.signatures[0].ctime_ns = 0;
  const auto cache = std::make_shared<file_cache>(512);
  const auto source = content_files::open_complete(share.path, share.info, share.signatures, cache);
  REQUIRE(source);
  CHECK((*source)->check()->empty());
}

TEST_CASE("to become complete leaves no file in doubt", "[content_files]") {
  const test::temporary_directory home;
  const auto cache = std::make_shared<file_cache>(512);
  fs::create_directory(home / "down");
  test::write_file(home / "file", test::pattern(100'000, 1));
  const test::sample share = test::sample_of(home / "file");
  const auto source = content_files::open_complete(share.path, share.info, share.signatures, cache);
  auto target = content_files::open_partial((home / "down").string(), share.info, false, cache, {},
                                            [](const partial_record&) -> result<void> { return {}; });
  REQUIRE(target);
  test::copy_all(**source, **target, *share.info);
  REQUIRE((*target)->finish());
  CHECK((*target)->check()->empty());
}

}  // namespace shoal
