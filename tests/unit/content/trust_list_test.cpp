#include "content/trust_list.hpp"

#include <catch2/catch.hpp>

#include "show_result.hpp"

namespace shoal {
namespace {

using Catch::Contains;

publisher_key key(std::uint8_t byte) {
  publisher_key made;
  made.bytes.fill(byte);
  return made;
}

std::string refusal_of(const std::string& text) {
  const auto list = trust_list::parse(text);
  REQUIRE(list.has_error());
  CHECK(list.error().code == errc::malformed);
  return list.error().text;
}

TEST_CASE("a trust list gives keys their names", "[trust_list]") {
  const auto list = trust_list::parse("# people\r\n\n  " + trust_line(key(1), "Ann B. (work)") + "  \r\n" +
                                      trust_line(key(2), "") + "\n#" + trust_line(key(3), "no"));
  REQUIRE(list.has_value());
  CHECK(list->trusts(key(1)));
  CHECK(*list->name_of(key(1)) == "Ann B. (work)");
  CHECK(list->shown(key(2)) == fingerprint(key(2)).substr(0, 16));
  CHECK_FALSE(list->trusts(key(3)));
  CHECK(list->name_of(key(3)) == nullptr);
  CHECK(list->shown(key(3)) == fingerprint(key(3)).substr(0, 16));
}

TEST_CASE("an error in a trust list names its line", "[trust_list]") {
  const std::string good = trust_line(key(1), "a") + "\n";
  CHECK_THAT(refusal_of(good + "alice\n"), Contains("line 2 does not begin"));
  CHECK_THAT(refusal_of("shoal-publisher-1 AAAA a\n"), Contains("line 1 has no whole public key"));
  CHECK_THAT(refusal_of(trust_line({}, "a")), Contains("no whole public key"));
  CHECK_THAT(refusal_of("\nshoal-publisher-key-1 AAAA\n"), Contains("line 2 is a secret key"));
  CHECK_THAT(refusal_of(good + good), Contains("line 2 has a key that stands there already"));
  CHECK_THAT(refusal_of(trust_line(key(1), "\x1b[31m")), Contains("cannot be shown"));
  CHECK_THAT(refusal_of(trust_line(key(1), "\xff")), Contains("cannot be shown"));
  CHECK_THAT(refusal_of("# nobody\n"), Contains("no public key"));
  CHECK_THAT(refusal_of(""), Contains("no public key"));
}

}  // namespace
}  // namespace shoal
