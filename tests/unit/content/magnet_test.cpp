#include "content/magnet.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

namespace {

const std::string hash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const std::string topic = "xt=urn:btmh:1220" + hash;

std::string reason(const std::string& text) {
  const auto parsed = parse_magnet(text);
  return parsed.has_value() ? "" : parsed.error().text;
}

}  // namespace

TEST_CASE("a magnet link is read") {
  const auto link = parse_magnet("magnet:?" + topic + "&dn=a%20b+c%2B&x.pe=host.example:6881&x.pe=%5B::1%5D:1&tr=x");
  REQUIRE(link.has_value());
  CHECK(link->id.hex() == hash);
  CHECK(link->name == "a b c+");
  CHECK(link->peers == std::vector<std::string>{"host.example:6881", "[::1]:1"});
}

TEST_CASE("a magnet link round-trips") {
  magnet_link link;
  link.id = *share_id::from_hex(hash);
  link.name = "größe & 100% =?#.bin";
  link.peers = {"10.0.0.1:6881", "[fe80::1]:65535"};
  const auto read = parse_magnet(format_magnet(link));
  REQUIRE(read.has_value());
  CHECK(read->id == link.id);
  CHECK(read->name == link.name);
  CHECK(read->peers == link.peers);
  CHECK(format_magnet(link).find("&x.pe=10.0.0.1:6881") != std::string::npos);
}

TEST_CASE("the hash of a magnet link is found among others") {
  CHECK(parse_magnet("magnet:?xt=urn:btih:0123456789012345678901234567890123456789&" + topic).has_value());
  CHECK(parse_magnet("MAGNET:?xt.1=URN:BTMH:1220" + hash).has_value());
  CHECK(parse_magnet("magnet:?" + topic + "&" + topic).has_value());
}

TEST_CASE("magnet links that name no share are refused with the reason") {
  CHECK(reason("") != "");
  CHECK(reason("magnet:?") != "");
  CHECK(reason("http://x/?" + topic) != "");
  CHECK(reason("magnet:?xt=urn:btih:0123456789012345678901234567890123456789").find("version 1") != std::string::npos);
  CHECK(reason("magnet:?xt=urn:btmh:1220" + hash.substr(2)) != "");
  CHECK(reason("magnet:?xt=urn:btmh:1114" + hash.substr(24)) != "");
  CHECK(reason("magnet:?" + topic + "&xt=urn:btmh:1220ff" + hash.substr(2)).find("two") != std::string::npos);
  CHECK(reason("magnet:?" + topic + "&dn=%4").find("percent") != std::string::npos);
  CHECK(reason("magnet:?" + topic + "&dn=" + std::string(magnet_bytes_max, 'x')) != "");
}

TEST_CASE("names and peers that are none are left out") {
  const auto link = parse_magnet("magnet:?" + topic +
                                 "&dn=%1b%5b2J&x.pe=host&x.pe=:1&x.pe=host:0&x.pe=host:65536&x.pe=ho st:1&x.pe=::1:1"
                                 "&x.pe=%0a:1&x.pe=%5B%5D:1");
  REQUIRE(link.has_value());
  CHECK(link->name.empty());
  CHECK(link->peers.empty());
}

TEST_CASE("the number of peers of a magnet link is bounded") {
  std::string text = "magnet:?" + topic;
  for (int i = 0; i < 200; ++i) text += "&x.pe=h:1";
  CHECK(parse_magnet(text)->peers.size() == magnet_peers_max);
}
