#include "core/publisher_key.hpp"

#include <catch2/catch.hpp>

#include "show_result.hpp"

#include "core/base64.hpp"

namespace shoal {
namespace {

// RFC 8032, section 7.1, test 2.
constexpr std::string_view rfc_secret = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
constexpr std::string_view rfc_public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
constexpr std::string_view rfc_signature =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb0"
    "0d291612bb0c00";

std::string key_file(std::string_view secret_hex) {
  return "shoal-publisher-key-1 " + to_base64(*from_hex(secret_hex)) + "\n";
}

std::string refusal_of(std::string_view text) {
  const auto parsed = publisher_secret::parse(text);
  REQUIRE(parsed.has_error());
  CHECK(parsed.error().code == errc::malformed);
  return parsed.error().text;
}

TEST_CASE("a key signs as the standard says", "[publisher_key]") {
  const auto secret = publisher_secret::parse("# mine\n\n" + key_file(rfc_secret));
  REQUIRE(secret.has_value());
  CHECK(secret->key().hex() == rfc_public);
  const byte_buffer text{0x72};
  const auto made = secret->sign(text);
  REQUIRE(made.has_value());
  CHECK(made->hex() == rfc_signature);
  CHECK(is_signed_by(secret->key(), text, *made));
  CHECK_FALSE(is_signed_by(secret->key(), byte_buffer{0x73}, *made));
  CHECK_FALSE(is_signed_by(secret->key(), byte_buffer{}, *made));
}

TEST_CASE("one bit of a key or signature is enough to be wrong", "[publisher_key]") {
  const auto secret = publisher_secret::make();
  REQUIRE(secret.has_value());
  const byte_buffer text{1, 2, 3};
  const auto made = secret->sign(text);
  REQUIRE(made.has_value());
  for (std::size_t at = 0; at < made->bytes.size(); ++at) {
    publisher_signature other = *made;
    other.bytes[at] ^= 1;
    CHECK_FALSE(is_signed_by(secret->key(), text, other));
  }
  for (std::size_t at = 0; at < publisher_key::size; ++at) {
    publisher_key other = secret->key();
    other.bytes[at] ^= 1;
    CHECK_FALSE(is_signed_by(other, text, *made));
  }
  CHECK_FALSE(is_signed_by({}, text, {}));
}

TEST_CASE("a key file comes back, and no two keys are equal", "[publisher_key]") {
  const auto one = publisher_secret::make();
  const auto other = publisher_secret::make();
  REQUIRE(one.has_value());
  REQUIRE(other.has_value());
  CHECK(one->key() != other->key());
  CHECK(publisher_secret::parse(one->line())->key() == one->key());
  CHECK(fingerprint(one->key()).size() == 32);
  CHECK(fingerprint(one->key()) != fingerprint(other->key()));
}

TEST_CASE("what is no key file says what it is, and never what it holds", "[publisher_key]") {
  using Catch::Contains;
  CHECK_THAT(refusal_of(""), Contains("empty"));
  CHECK_THAT(refusal_of("shoal-publisher-1 AAAA me\n"), Contains("public"));
  CHECK_THAT(refusal_of("shoal-swarm-key-1 AAAA\n"), Contains("private swarm"));
  CHECK_THAT(refusal_of("-----BEGIN PRIVATE KEY-----\n"), Contains("does not begin"));
  const std::string whole = key_file(rfc_secret);
  CHECK_THAT(refusal_of(whole.substr(0, whole.size() - 3)), Contains("not whole"));
  CHECK_THAT(refusal_of(whole + whole), Contains("more than one"));
  CHECK_THAT(refusal_of(whole.substr(0, 40) + "?"), !Contains(whole.substr(25, 10)));
}

}  // namespace
}  // namespace shoal
