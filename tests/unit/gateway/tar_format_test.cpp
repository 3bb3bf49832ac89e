#include "gateway/tar_format.hpp"

#include <catch2/catch.hpp>

namespace shoal {

namespace {

std::string field(const std::string& head, std::size_t at, std::size_t bytes) {
  const std::string raw = head.substr(at, bytes);
  return raw.substr(0, raw.find('\0'));
}

/// The checksum says what the header is.
bool is_sealed(const std::string& head) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(head[i]);
  return std::stoul(field(head, 148, 8), nullptr, 8) == sum;
}

}  // namespace

TEST_CASE("an entry that fits a ustar header takes one block") {
  const std::string head = tar_head({.path = "tree/a", .size = 0777, .executable = true, .mtime = 1'700'000'000});
  REQUIRE(head.size() == 512);
  CHECK(is_sealed(head));
  CHECK(field(head, 0, 100) == "tree/a");
  CHECK(field(head, 100, 8) == "0000755");
  CHECK(field(head, 124, 12) == "00000000777");
  CHECK(field(head, 136, 12) == "14524770400");
  CHECK(head[156] == '0');
  CHECK(head.substr(257, 8) == std::string("ustar\0"
                                           "00",
                                           8));
}

TEST_CASE("folders and symlinks are entries of their own kind") {
  const std::string folder = tar_head({.is = tar_entry::kind::folder, .path = "tree/empty"});
  CHECK((folder[156] == '5' && field(folder, 0, 100) == "tree/empty/" && is_sealed(folder)));
  const std::string link = tar_head({.is = tar_entry::kind::symlink, .path = "tree/l", .target = "../x"});
  CHECK((link[156] == '2' && field(link, 157, 100) == "../x" && is_sealed(link)));
}

TEST_CASE("what does not fit a ustar header is in a pax header before it") {
  const std::string path = "tree/" + std::string(200, 'x');
  const std::string longer = tar_head({.path = path, .size = 1});
  REQUIRE(longer.size() == 3 * 512);
  CHECK((longer[156] == 'x' && is_sealed(longer) && is_sealed(longer.substr(1024))));
  CHECK(longer.substr(512, 215) == "215 path=" + path + "\n");
  const std::string large = tar_head({.path = "a", .size = std::uint64_t{1} << 33});
  REQUIRE(large.size() == 3 * 512);
  CHECK(large.substr(512, 19) == "19 size=8589934592\n");
  CHECK(tar_head({.path = "a", .size = (std::uint64_t{1} << 33) - 1}).size() == 512);
  const std::string link = tar_head({.is = tar_entry::kind::symlink, .path = "l", .target = std::string(101, 't')});
  CHECK(link.substr(512, 3 + 10 + 101) == "115 linkpath=" + std::string(101, 't'));
}

TEST_CASE("content is filled up to a block") {
  CHECK(tar_padding(0).empty());
  CHECK(tar_padding(512).empty());
  CHECK(tar_padding(513).size() == 511);
  CHECK(tar_end().size() == 1024);
}

}  // namespace shoal
