#include "page/page_asset.hpp"

#include <algorithm>
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
    CHECK(missing_page().starts_with("This build has no page: "));
    CHECK(missing_page().size() > 40);
    return;
  }
  for (const auto& [where, name] : {std::pair(page_place::peer, "peer"), std::pair(page_place::tracker, "tracker")}) {
    const page_version packed = page_for(where, "gzip", "");
    const page_version plain = page_for(where, "", "");
    CHECK(packed.bytes.size() < plain.bytes.size());
    CHECK(plain.bytes.find("<meta name=\"shoal\" content=\"" + std::string(name) + "\">") != std::string::npos);
    const auto of = [](const page_version& one, std::string_view header) {
      const auto at = std::ranges::find(one.headers, header, &std::pair<std::string_view, std::string_view>::first);
      return at == one.headers.end() ? std::string_view() : at->second;
    };
    CHECK(of(packed, "Content-Security-Policy").starts_with("default-src 'none'; script-src 'sha256-"));
    CHECK(of(packed, "Content-Encoding") == "gzip");
    CHECK(of(plain, "Content-Encoding").empty());
    const std::string tag(packed.etag);
    CHECK(tag != plain.etag);
    CHECK(page_for(where, "gzip", tag).is_known);
    CHECK(page_for(where, "gzip", "\"other\", W/" + tag).is_known);
    CHECK(page_for(where, "gzip", "*").is_known);
    CHECK_FALSE(page_for(where, "gzip", plain.etag).is_known);
    CHECK_FALSE(packed.is_known);
  }
  CHECK(page_for(page_place::peer, "", "").bytes != page_for(page_place::tracker, "", "").bytes);
}

}  // namespace shoal
