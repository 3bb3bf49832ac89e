// The same content must be the same share for libtorrent: data/ holds torrents that it made.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "sample_share.hpp"

using namespace shoal;
using shoal::testing::share_builder;

namespace {

byte_buffer fixture(const std::string& name) {
  std::ifstream stream(SHOAL_TEST_DATA "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// The torrent is read with the id that libtorrent reports, is what we make of the same content, and is
/// written back.
void check_same_share(const std::string& name, const std::string& id, const share_builder& share) {
  const byte_buffer torrent = fixture(name);
  const auto read = metainfo::from_torrent(torrent);
  REQUIRE(read.has_value());
  CHECK((*read)->id().hex() == id);
  const auto built = share.build();
  REQUIRE(built.has_value());
  CHECK((*built)->id().hex() == id);
  CHECK((*read)->to_torrent() == torrent);
  CHECK((*built)->to_torrent() == torrent);
  CHECK((*read)->is_folder() == (*built)->is_folder());
}

}  // namespace

TEST_CASE("a single file is the share that libtorrent makes of it") {
  check_same_share("single.torrent", "89178e538067403af4ea3d0b3d6a26a5323ea8052b8ab03657d5e68b141ae3f4",
                   share_builder("single.bin", false, 16 * KiB).file("single.bin", 1, 100000));
}

TEST_CASE("a folder is the share that libtorrent makes of it") {
  share_builder share("folder", true, 32 * KiB);
  share.file("a/deep/er/data.bin", 2, 200001).file("a.txt", 3, 5).file("empty", 0, 0);
  share.file("run.sh", 4, 70000, true).file("größe/日本 語.txt", 5, 16385).file("twin", 4, 70000);
  check_same_share("folder.torrent", "7aae83cc6fa0e0a49822c27640d3143841ee52e303d9d924c1055def3c19c541", share);
}

TEST_CASE("a folder of one file is the share that libtorrent makes of it") {
  check_same_share("one_in_folder.torrent", "96681e7ddfc707c244c3df16d4d9d98a85a008c67a69a903cefe9979e8ca0171",
                   share_builder("one", true, 64 * KiB).file("a", 6, 10));
}

TEST_CASE("symlinks that libtorrent wrote are read") {
  const auto read = metainfo::from_torrent(fixture("links.torrent"));
  REQUIRE(read.has_value());
  CHECK((*read)->id().hex() == "6d2bf61e3a93c5909314407a673c68e96a0bdf1e814e81a043273915b0248ee7");
  REQUIRE((*read)->files().size() == 3);
  CHECK((*read)->files()[0].path == "near");
  CHECK((*read)->files()[0].symlink_target == "target");
  CHECK((*read)->files()[1].path == "sub/up");
  CHECK((*read)->files()[1].symlink_target == "target");
  CHECK((*read)->files()[1].type == file_entry::kind::symlink);
}

TEST_CASE("a hybrid torrent is read as version 2, and version 1 alone is refused") {
  const auto read = metainfo::from_torrent(fixture("hybrid.torrent"));
  REQUIRE(read.has_value());
  CHECK((*read)->id().hex() == "b456cbed2725c0996f8279ac0212d029504d2e1589f84414afc7731f85814cfe");
  CHECK((*read)->regular_file_count() == 2);
  CHECK((*read)->total_bytes() == 80000);
  const auto refused = metainfo::from_torrent(fixture("v1.torrent"));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text.find("version 1") != std::string::npos);
}
