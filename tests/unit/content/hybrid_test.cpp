#include "content/hybrid.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

namespace {

file_entry entry(std::string path, std::uint64_t size, file_entry::kind type = file_entry::kind::regular) {
  file_entry made;
  made.path = std::move(path);
  made.size = size;
  made.type = type;
  return made;
}

/// What is wrong with a version 1 part, given by its bencoded members, of a share of "a" (5 bytes) and "d/b" (7).
std::string reason(const std::string& members) {
  const std::string info = "d" + members + "6:pieces0:e";
  const auto parsed = bencode::parse(as_bytes(info));
  REQUIRE(parsed.has_value());
  const auto checked =
      check_hybrid(*parsed, {entry("a", 5), entry("d/b", 7), entry("l", 0, file_entry::kind::symlink)});
  return checked ? "" : checked.error().text;
}

const std::string first = "d6:lengthi5e4:pathl1:aee";
const std::string pad = "d4:attr1:p6:lengthi11e4:pathl4:.pad2:11ee";
const std::string second = "d6:lengthi7e4:pathl1:d1:bee";
const std::string v1_link = "d4:attr1:l6:lengthi0e4:pathl1:le12:symlink pathl1:aee";

}  // namespace

TEST_CASE("a version 1 part that lists the same files is right") {
  CHECK(reason("5:filesl" + first + pad + second + "e").empty());
  CHECK(reason("5:filesl" + first + pad + second + v1_link + "e").empty());
  CHECK(reason("5:filesld6:lengthi5e4:pathl1:xe10:path.utf-8l1:aee" + second + "e").empty());
}

TEST_CASE("a version 1 part that lists other files is refused with what differs") {
  CHECK(reason("5:filesl" + first + "e").find("does not have \"d/b\"") != std::string::npos);
  CHECK(reason("5:filesl" + second + first + "e").find("\"a\" is another file") != std::string::npos);
  CHECK(reason("5:filesld6:lengthi6e4:pathl1:aee" + second + "e").find("\"a\" is another file") != std::string::npos);
  CHECK(reason("5:filesl" + first + second + second + "e").find("more files") != std::string::npos);
  CHECK(reason("5:filesli1ee").find("no length") != std::string::npos);
  CHECK(reason("6:lengthi12e4:name1:a").find("another file") != std::string::npos);
  CHECK(reason("4:name1:a").find("lists no file") != std::string::npos);
}

TEST_CASE("a single file in both versions") {
  const auto parsed = bencode::parse(as_bytes("d6:lengthi5e4:name1:a6:pieces0:e"));
  CHECK(check_hybrid(*parsed, {entry("a", 5)}).has_value());
  CHECK_FALSE(check_hybrid(*parsed, {entry("b", 5)}).has_value());
  const auto version_2_only = bencode::parse(as_bytes("d4:name1:ae"));
  CHECK(check_hybrid(*version_2_only, {entry("b", 5)}).has_value());
}
