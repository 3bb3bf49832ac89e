#include "core/base64.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

TEST_CASE("the vectors of RFC 4648") {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    CHECK(to_base64(as_bytes(plain)) == encoded);
    const auto decoded = from_base64(encoded);
    REQUIRE(decoded);
    CHECK(as_text(*decoded) == plain);
  }
}

TEST_CASE("every byte survives") {
  byte_buffer all;
  for (int value = 0; value < 256; ++value) all.push_back(static_cast<std::uint8_t>(value));
  CHECK(from_base64(to_base64(all)) == all);
}

TEST_CASE("what is not canonical is refused") {
  for (const char* text : {"Z", "Zg=", "Zg", "Zh==", "Zm9=", "====", "Z===", "Zg==Zg==", "Zm9 ", "Zm\n=", "Zm-_"}) {
    INFO(text);
    CHECK_FALSE(from_base64(text));
  }
}
