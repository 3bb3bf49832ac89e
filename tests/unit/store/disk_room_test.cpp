// What a folder with large and small files needs of the disk.

#include "store/disk_room.hpp"

#include <catch2/catch.hpp>

#include "store/content_files.hpp"
#include "unit/store/sample_share.hpp"

namespace shoal {

TEST_CASE("only what is neither written nor reserved needs room", "[disk_room]") {
  const test::temporary_directory home;
  test::write_file(home / "src/folder/large", test::pattern(400'000, 1));
  for (int i = 0; i < 5; ++i) test::write_file(home / "src/folder/d" / std::to_string(i), test::pattern(40'000, 3));
  test::write_file(home / "src/folder/zeros", std::string(200'000, '\0'));
  const test::sample share = test::sample_of(home / "src/folder");
  const std::filesystem::path to = home / "to";
  std::filesystem::create_directories(to);
  const auto opened = content_files::open_partial(to.string(), share.info, false, std::make_shared<file_cache>(512), {},
                                                  [](const partial_record&) -> result<void> { return {}; });
  REQUIRE(opened);
  const auto needed = [&] {
    const result<disk_room> seen = (*opened)->room();
    REQUIRE(seen);
    CHECK(seen->free);
    return seen->needed;
  };
  // The large file has its room, and zeros take none. The small files are made when they are written.
  const std::uint64_t large = needed() - 200'000;
  CHECK((large == 0 || large == 400'000));
  test::copy_all(
      **content_files::open_complete(share.path, share.info, share.signatures, std::make_shared<file_cache>(512)),
      **opened, *share.info);
  CHECK(needed() == 0);
  std::filesystem::remove_all(to / unfinished_folder);
  CHECK(!(*opened)->room());
}

}  // namespace shoal
