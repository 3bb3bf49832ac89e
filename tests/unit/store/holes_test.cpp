// Pieces of zeros are holes on disk, and there without having been written.
#include "store/holes.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "store/content_files.hpp"
#include "unit/store/sample_share.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t piece = piece_bytes_min;

struct fixture {
  result<std::shared_ptr<content_files>> open(const test::sample& share) {
    return content_files::open_partial((home / "down").string(), share.info, false, cache, known,
                                       [this](const partial_record& made) -> result<void> {
                                         known = made;
                                         return {};
                                       });
  }
  /// All but the zeros, as a download does.
  void write_data(const test::sample& share, content_files& to) const {
    const auto from = content_files::open_complete(share.path, share.info, share.signatures, cache);
    REQUIRE(from);
    for (std::uint32_t i = 0; i < share.info->shape().piece_count(); ++i) {
      if (to.zero_pieces().test(i)) continue;
      byte_buffer bytes(share.info->shape().piece_size(piece_index{i}));
      REQUIRE((*from)->read(piece_index{i}, 0, bytes));
      REQUIRE(to.write(piece_index{i}, 0, bytes));
    }
  }
  fs::path part() const { return home / "down" / unfinished_folder / known.name; }
  fixture() { fs::create_directory(home / "down"); }

  test::temporary_directory home;
  std::shared_ptr<file_cache> cache = std::make_shared<file_cache>(512);
  partial_record known;
};

std::uint64_t allocated(const fs::path& path) {
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

void write_sparse(const fs::path& path) {
  test::write_file(path, test::pattern(piece, 1));
  fs::resize_file(path, 20 * piece);
  std::FILE* file = std::fopen(path.c_str(), "r+");
  REQUIRE(file != nullptr);
  std::fseek(file, 10 * piece + 5, SEEK_SET);
  std::fputs("data", file);
  REQUIRE(std::fclose(file) == 0);
  fs::resize_file(path, 40 * piece + 99);
}

}  // namespace

TEST_CASE("a download of a sparse file reserves room for its data alone", "[holes]") {
  fixture f;
  write_sparse(f.home / "src/image");
  const test::sample share = test::sample_of(f.home / "src/image");
  auto target = f.open(share);
  REQUIRE(target);
  CHECK((*target)->zero_pieces().count() == 39);
  CHECK_FALSE((*target)->zero_pieces().test(10));
  CHECK(fs::file_size(f.part()) == 40 * piece + 99);
  CHECK(allocated(f.part()) >= 2 * piece);
  CHECK(allocated(f.part()) < 4 * piece);
  f.write_data(share, **target);
  SECTION("it arrives") {
    REQUIRE((*target)->finish());
    CHECK(test::read_file(f.home / "down/image") == test::read_file(f.home / "src/image"));
    CHECK(allocated(f.home / "down/image") < 4 * piece);
    CHECK((*target)->is_hole(piece_index{1}));
    CHECK((*target)->is_hole(piece_index{40}));
    CHECK_FALSE((*target)->is_hole(piece_index{0}));
    CHECK_FALSE((*target)->is_hole(piece_index{10}));
    fs::resize_file(f.home / "down/image", 20 * piece);
    CHECK_FALSE((*target)->is_hole(piece_index{40}));
  }
  SECTION("cut and grown again, it does not become final") {
    fs::resize_file(f.part(), 0);
    fs::resize_file(f.part(), 40 * piece + 99);
    CHECK((*target)->finish().error().code == errc::verification);
  }
  SECTION("taken up again, what another program put into the holes is gone") {
    target->reset();
    std::FILE* file = std::fopen(f.part().c_str(), "r+");
    REQUIRE(file != nullptr);
    std::fseek(file, 20 * piece, SEEK_SET);
    std::fputs("dirt", file);
    REQUIRE(std::fclose(file) == 0);
    target = f.open(share);
    REQUIRE(target);
    CHECK((*target)->resumed());
    if ((*target)->zero_pieces().count() == 39) {
      REQUIRE((*target)->finish());
      CHECK(test::read_file(f.home / "down/image") == test::read_file(f.home / "src/image"));
    }
  }
}

TEST_CASE("files of zeros are there without being written", "[holes]") {
  fixture f;
  const std::string path = (f.home / "src/folder").string();
  for (const auto& [name, bytes] : {std::pair("tiny", 3u), std::pair("one", static_cast<unsigned>(piece)),
                                    std::pair("many", static_cast<unsigned>(3 * piece + 7))}) {
    test::write_file(path + "/" + name, "");
    fs::resize_file(path + "/" + name, bytes);
  }
  test::write_file(path + "/data", "x");
  const test::sample share = test::sample_of(path);
  const auto target = f.open(share);
  REQUIRE(target);
  CHECK((*target)->zero_pieces().count() == 6);
  f.write_data(share, **target);
  REQUIRE((*target)->finish());
  for (const char* name : {"tiny", "one", "many", "data"}) {
    CHECK(test::read_file(f.home / "down/folder" / name) == test::read_file(path + "/" + name));
  }
}

TEST_CASE("only data needs room", "[holes]") {
  fixture f;
  if (mount("tmpfs", (f.home / "down").c_str(), "tmpfs", 0, "size=1m") != 0) {
    WARN("skipped: mounting a small file system needs root");
    return;
  }
  struct unmount {
    const fs::path path;
    ~unmount() { umount2(path.c_str(), MNT_DETACH); }
  } const after{f.home / "down"};
  write_sparse(f.home / "src/image");
  const test::sample share = test::sample_of(f.home / "src/image");
  const auto target = f.open(share);
  REQUIRE(target);
  f.write_data(share, **target);
  CHECK((*target)->finish());
  test::write_file(f.home / "src/full", test::pattern(2 * MiB, 1));
  f.known = {};
  CHECK(f.open(test::sample_of(f.home / "src/full")).error().code == errc::no_space);
}

}  // namespace shoal
