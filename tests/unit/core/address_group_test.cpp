#include "core/address_group.hpp"

#include <catch2/catch.hpp>

namespace shoal {

TEST_CASE("the text of an origin names its network") {
  CHECK(origin_text("192.0.2.1") == "192.0.2.1");
  CHECK(origin_text("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
  CHECK(origin_text("2001:db8::1") == origin_text("2001:db8::ffff:1"));
  CHECK(origin_text("2001:db8::1") == "2001:db8:0:0::/64");
  CHECK(origin_text("2001:db8:1:2::") == "2001:db8:1:2::/64");
  CHECK(origin_text("::1") == "0:0:0:0::/64");
  CHECK(origin_text("::ffff:192.0.2.1") == "0:0:0:0::/64");
  CHECK(origin_text("64:ff9b:1:2:3:4:192.0.2.1") == "64:ff9b:1:2::/64");
  CHECK(origin_text("fe80::1%eth0") == "fe80:0:0:0::/64");
  for (const std::string none :
       {"no address: at all", ":", "1:2:3", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::"}) {
    CHECK(origin_text(none) == none);
  }
}

}  // namespace shoal
