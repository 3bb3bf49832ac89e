#include "core/bytes.hpp"

#include <catch2/catch.hpp>

#include "core/ids.hpp"

using namespace shoal;

TEST_CASE("hexadecimal text round-trips and is read in either case") {
  const byte_buffer bytes{0x00, 0x0f, 0xa5, 0xff};
  CHECK(to_hex(bytes) == "000fa5ff");
  CHECK(from_hex("000fa5ff") == bytes);
  CHECK(from_hex("000FA5FF") == bytes);
  CHECK(from_hex("") == byte_buffer{});
}

TEST_CASE("text that is not hexadecimal gives nothing") {
  CHECK_FALSE(from_hex("0"));
  CHECK_FALSE(from_hex("0g"));
  CHECK_FALSE(from_hex(" 0"));
  CHECK_FALSE(from_hex("0x"));
}

TEST_CASE("integers are stored in network byte order") {
  std::uint8_t four[4];
  store_be32(four, 0x01020304);
  CHECK(four[0] == 1);
  CHECK(four[3] == 4);
  CHECK(load_be32(four) == 0x01020304);
  store_be32(four, 0xfffefdfc);
  CHECK(load_be32(four) == 0xfffefdfc);
  std::uint8_t two[2];
  store_be16(two, 0xff01);
  CHECK(two[0] == 0xff);
  CHECK(load_be16(two) == 0xff01);
}

TEST_CASE("an id is read from exactly its number of bytes") {
  CHECK_FALSE(digest::from_bytes(byte_buffer(31)));
  CHECK_FALSE(digest::from_bytes(byte_buffer(33)));
  const auto id = digest::from_bytes(byte_buffer(32, 0xab));
  REQUIRE(id);
  CHECK(digest::from_hex(id->hex()) == id);
  CHECK_FALSE(digest::from_hex(id->hex() + "00"));
}
