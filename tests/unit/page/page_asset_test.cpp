#include "page/page_asset.hpp"

#include <catch2/catch.hpp>

namespace shoal {

TEST_CASE("who takes gzip is told by the header") {
  for (const char* taken : {"gzip", "deflate, gzip;q=1.0, *;q=0.5", "GZIP", "x-gzip", "*", "br;q=1, gzip;q=0.001"}) {
    INFO(taken);
    CHECK(takes_gzip(taken));
  }
  for (const char* refused :
       {"", "identity", "br", "gzip;q=0", "gzip; q=0.000", "*;q=0", "gzip;q=0, *", ",;,", "gzi"}) {
    INFO(refused);
    CHECK_FALSE(takes_gzip(refused));
  }
}

TEST_CASE("the page is whole, and says where it is") {
  if (page_left_out()) {
    CHECK(missing_page().find("nstall") != std::string::npos);
    return;
  }
  for (const auto& [where, name] : {std::pair(page_place::peer, "peer"), std::pair(page_place::tracker, "tracker")}) {
    const page_asset& page = page_of(where);
    const std::string& text = unpacked_page_of(where);
    CHECK(page.packed.size() < text.size());
    CHECK(text.find("<meta name=\"shoal\" content=\"" + std::string(name) + "\">") != std::string::npos);
    CHECK(page.policy.starts_with("default-src 'none'; script-src 'sha256-"));
    CHECK(page.etag != page.plain_etag);
  }
  CHECK(page_of(page_place::peer).etag != page_of(page_place::tracker).etag);
}

}  // namespace shoal
