// A download into a file system in memory, where blocks are not reserved: zeroing them would double the work.

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "store/content_files.hpp"
#include "unit/store/sample_share.hpp"

namespace shoal {

TEST_CASE("in memory no block is reserved, and one that was cut is noticed all the same", "[content_files]") {
  namespace fs = std::filesystem;
  const test::temporary_directory home;
  const fs::path memory = home / "memory";
  fs::create_directory(memory);
  if (mount("tmpfs", memory.c_str(), "tmpfs", 0, "size=2m") != 0) {
    WARN("skipped: mounting a file system needs root");
    return;
  }
  struct unmount {
    const fs::path& path;
    ~unmount() { umount2(path.c_str(), MNT_DETACH); }
  } const after{memory};
  const auto cache = std::make_shared<file_cache>(512);
  test::write_file(home / "file", test::pattern(1'500'000, 1));
  const test::sample share = test::sample_of(home / "file");
  const auto source = content_files::open_complete(share.path, share.info, share.signatures, cache);
  REQUIRE(source);

  partial_record known;
  const auto open = [&] {
    return content_files::open_partial(memory.string(), share.info, false, cache, known,
                                       [&known](const partial_record& made) -> result<void> {
                                         known = made;
                                         return {};
                                       });
  };
  auto target = open();
  REQUIRE(target);
  struct stat status{};
  const fs::path part = memory / unfinished_folder / known.name;
  REQUIRE(stat(part.c_str(), &status) == 0);
  CHECK(status.st_size == 1'500'000);
  CHECK(status.st_blocks == 0);
  // What an earlier run wrote counts: the holes that are left are its own.
  const auto room = [&] {
    const result<disk_room> seen = (*target)->room();
    REQUIRE(seen);
    return *seen;
  };
  CHECK(room().needed == 1'500'000);
  const std::uint64_t free = room().free.value_or(0);
  CHECK(free > 1'900'000);
  REQUIRE((*target)->write(piece_index{0}, 0, byte_buffer(block_bytes)));
  CHECK(room().needed == 1'500'000 - block_bytes);
  CHECK(room().free == free - block_bytes);
  target->reset();
  target = open();
  REQUIRE(target);
  REQUIRE((*target)->rest());
  CHECK(room().needed == 1'500'000 - block_bytes);
  CHECK((*target)->renewed_files().empty());

  test::copy_all(**source, **target, *share.info);
  const bool cut = GENERATE(false, true);
  if (cut) {
    REQUIRE(truncate(part.c_str(), 0) == 0);
    REQUIRE(truncate(part.c_str(), 1'500'000) == 0);
    const auto failed = (*target)->finish();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == errc::verification);
  } else {
    REQUIRE((*target)->finish());
    CHECK(room().needed == 0);
    CHECK(test::read_file(memory / "file") == test::read_file(home / "file"));
  }
}

}  // namespace shoal
