#include "peer/session/share_content.hpp"

#include <catch2/catch.hpp>

#include "unit/policy/support/fake_share.hpp"

namespace shoal::testing {

namespace {

/// Two files and an empty one: 3 pieces of 64 KiB and a short one.
fake::share some_files() {
  return fake::make_share(64 * KiB, {3 * 64 * KiB, 0, 1000});
}

}  // namespace

TEST_CASE("before the metadata is known nothing is here") {
  const share_content content;
  CHECK_FALSE(content.has(piece_index{0}));
  CHECK_FALSE(content.has_something());
  CHECK_FALSE(content.complete());
  CHECK_FALSE(content.file_with_root(digest{}));
}

TEST_CASE("what was added is all here") {
  const fake::share made = some_files();
  share_content content;
  content.adopt(made.info, nullptr);
  CHECK(content.verified().all());
  CHECK(content.verified().size() == made.info->shape().piece_count());
  CHECK(content.verified_bytes() == made.info->total_bytes());
  CHECK(content.has(piece_index{3}));
  CHECK_FALSE(content.has(piece_index{4}));
  CHECK(content.has_something());
  CHECK(content.complete());
}

TEST_CASE("a piece is news once, and counts its own bytes") {
  share_content content;
  content.on_metadata(some_files().info);
  CHECK_FALSE(content.has_something());
  CHECK(content.on_verified(piece_index{3}));
  CHECK(content.verified_bytes() == 1000);
  CHECK_FALSE(content.on_verified(piece_index{3}));
  CHECK(content.verified_bytes() == 1000);
  CHECK(content.on_verified(piece_index{0}));
  CHECK(content.verified_bytes() == 1000 + 64 * KiB);
  CHECK(content.has(piece_index{0}));
  CHECK_FALSE(content.has(piece_index{1}));
  CHECK(content.has_something());
  CHECK_FALSE(content.complete());
  content.on_complete();
  CHECK(content.complete());
}

TEST_CASE("a file is found by its root, unless it is empty") {
  const fake::share made = some_files();
  share_content content;
  content.on_metadata(made.info);
  CHECK(content.file_with_root(made.info->files()[0].root) == file_index{0});
  CHECK(content.file_with_root(made.info->files()[2].root) == file_index{2});
  CHECK_FALSE(content.file_with_root(made.info->files()[1].root));
  CHECK_FALSE(content.file_with_root(digest{}));
}

}  // namespace shoal::testing
