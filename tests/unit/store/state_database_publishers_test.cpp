#include <algorithm>
#include <catch2/catch.hpp>

#include "show_result.hpp"

#include "content/signed_publication.hpp"
#include "store/state_database.hpp"
#include "unit/store/temporary_directory.hpp"

namespace shoal {
namespace {

using test::temporary_directory;

std::unique_ptr<state_database> opened(const temporary_directory& home) {
  std::string warning;
  auto database = state_database::open(home.path().string(), warning);
  REQUIRE(database.has_value());
  CHECK(warning.empty());
  return std::move(*database);
}

const publisher_secret ann = *publisher_secret::make();

TEST_CASE("the newest versions that were seen are remembered", "[state_database]") {
  const temporary_directory home;
  const seen_version first{ann.key(), {}, 10};
  seen_version second = first;
  second.id.bytes[0] = 1;
  second.ms = 20;
  REQUIRE(opened(home)->save_seen_version("x", first).has_value());
  REQUIRE(opened(home)->save_seen_version("y", first));
  REQUIRE(opened(home)->save_seen_version("x", second));
  using rows = std::vector<std::pair<std::string, seen_version>>;
  const auto all = opened(home)->seen_versions();
  REQUIRE(all.has_value());
  CHECK(std::ranges::is_permutation(*all, rows{{"x", second}, {"y", first}}));
}

TEST_CASE("a share and a download keep their signatures", "[state_database]") {
  const temporary_directory home;
  stored_share share;
  share.path = "/a";
  share.published = *signed_by(ann, publication{{}, 5}, {}, "a");
  share.sign_with = "/k\xff";
  stored_download download;
  download.id.bytes[0] = 1;
  download.published = share.published;
  REQUIRE(opened(home)->save_share(share));
  REQUIRE(opened(home)->save_download(download));
  const auto kept = opened(home)->share("/a");
  REQUIRE(kept.value().has_value());
  CHECK((*kept)->published == share.published);
  CHECK((*kept)->sign_with == share.sign_with);
  CHECK((*opened(home)->download(download.id))->published == share.published);
  // What is not known to be right is not kept.
  share.published.of_signature = standing::wrong;
  REQUIRE(opened(home)->save_share(share));
  CHECK((*opened(home)->share("/a"))->published == publication{{}, 5});
}

}  // namespace
}  // namespace shoal
