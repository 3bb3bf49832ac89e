#include "store/hash_file.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>

#include "core/sha256.hpp"
#include "show_result.hpp"
#include "store/beneath.hpp"
#include "unit/store/temporary_directory.hpp"

namespace shoal {

TEST_CASE("a range of a file is hashed block by block", "[hash_file]") {
  const test::temporary_directory home;
  const std::string content = test::pattern(3 * hash_read_bytes + 5 * block_bytes + 77, 1);
  test::write_file(home / "file", content);
  const unique_descriptor file(open((home / "file").c_str(), O_RDONLY | O_CLOEXEC));

  std::atomic<std::uint64_t> hashed{0};
  const auto leaves = hash_blocks(file.get(), 0, content.size(), &hashed);
  REQUIRE(leaves);
  CHECK(hashed == content.size());
  REQUIRE(leaves->size() == content.size() / block_bytes + 1);
  for (std::size_t i = 0; i < leaves->size(); ++i) {
    CHECK(leaves->at(i) == sha256(as_bytes(std::string_view(content).substr(i * block_bytes, block_bytes))));
  }

  const auto part = hash_blocks(file.get(), 7 * block_bytes, 2 * block_bytes);
  REQUIRE(part);
  CHECK(*part == std::vector<digest>(leaves->begin() + 7, leaves->begin() + 9));
  CHECK(hash_blocks(file.get(), 0, 0)->empty());
}

TEST_CASE("hashing beyond the end of a file is an error that names it", "[hash_file]") {
  const test::temporary_directory home;
  test::write_file(home / "short", "abc");
  const unique_descriptor file(open((home / "short").c_str(), O_RDONLY | O_CLOEXEC));
  const auto failed = hash_blocks(file.get(), 0, 4);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::conflict);
  CHECK(failed.error().text.find((home / "short").string()) != std::string::npos);

  const unique_descriptor directory(open(home.path().c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(hash_blocks(directory.get(), 0, 4).error().code == errc::disk);
}

}  // namespace shoal
