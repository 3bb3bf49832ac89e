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
  CHECK(link->way.peers == std::vector<std::string>{"host.example:6881", "[::1]:1"});
}

TEST_CASE("a magnet link round-trips") {
  magnet_link link;
  link.id = *share_id::from_hex(hash);
  link.name = "größe & 100% =?#.bin";
  link.way.peers = {"10.0.0.1:6881", "[fe80::1]:65535"};
  link.way.trackers = {"192.0.2.1:7000", "[2001:db8::1]:7000"};
  const auto read = parse_magnet(format_magnet(link));
  REQUIRE(read.has_value());
  CHECK(read->id == link.id);
  CHECK(read->name == link.name);
  CHECK(read->way.peers == link.way.peers);
  CHECK(read->way.trackers == link.way.trackers);
  CHECK(unused_text(read->way).empty());
  CHECK(format_magnet(link).find("&x.pe=10.0.0.1:6881") != std::string::npos);
}

TEST_CASE("the hash of a magnet link is found among others") {
  CHECK(parse_magnet("magnet:?xt=urn:btih:0123456789012345678901234567890123456789&" + topic).has_value());
  CHECK(parse_magnet("MAGNET:?xt.1=URN:BTMH:1220" + hash).has_value());
  CHECK(parse_magnet("magnet:?" + topic + "&" + topic).has_value());
}

TEST_CASE("a magnet link is read in the forms that people paste") {
  const std::string upper = "1220" + std::string("00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF");
  const std::string form = GENERATE_COPY(
      as<std::string>{}, "magnet:?" + topic, "MAGNET:?" + topic, "Magnet:?XT=URN:BTMH:" + upper, " magnet:?" + topic,
      "magnet:?" + topic + " ", "magnet:?" + topic + "\r\n", "\xef\xbb\xbfmagnet:?" + topic + "\xc2\xa0",
      "magnet:?" + topic.substr(0, 40) + "\r\n" + topic.substr(40), "'magnet:?" + topic + "'",
      "\"magnet:?" + topic + "&dn=x\"", "<magnet:?" + topic + ">", "“magnet:?" + topic + "”",
      "(magnet:?" + topic + ").", "'magnet:?" + topic, "magnet:?" + topic + ".", "magnet://?" + topic,
      "magnet:" + topic, "magnet:/?" + topic, "magnet:?dn=x&amp;" + topic + "&amp;tr=y",
      "magnet:?dn=x&amp;amp;" + topic, "magnet:?dn=x&#38;" + topic, "magnet:?xt=urn%3Abtmh%3A1220" + hash,
      "magnet:?xt=urn%3abtmh%3a" + upper, "magnet%3A?" + topic,
      "magnet%3A%3Fxt%3Durn%3Abtmh%3A1220" + hash + "%26dn%3Dx", "magnet:?%78t=urn:btmh:1220" + hash,
      "magnet:?" + topic + "&dn=100% done", "magnet:?" + topic + "&dn=%", "magnet:?" + topic + " &dn=x",
      "magnet:?&&" + topic + "&", "magnet:?dn&" + topic,
      "magnet:?" + topic + "&xs=http%3A%2F%2Fe.example%2F&xl=1&kt=a+b");
  CAPTURE(form);
  CHECK(looks_like_magnet(form));
  const auto link = parse_magnet(form);
  REQUIRE(link.has_value());
  CHECK(link->id.hex() == hash);
}

TEST_CASE("a magnet link with hundreds of trackers is read, and one without end is still a link") {
  std::string text = "magnet:?" + topic;
  for (int i = 0; i < 500; ++i)
    text += "&tr=udp%3A%2F%2Ftracker-number-" + std::to_string(i) + ".example%3A6969%2Fannounce";
  CHECK(parse_magnet(text).has_value());
  text += std::string(magnet_bytes_max, 'x');
  CHECK(looks_like_magnet(text));
  CHECK(reason(text).find("64 KiB") != std::string::npos);
}

TEST_CASE("a magnet link is told from a name") {
  CHECK(looks_like_magnet("magnet:?xt=nonsense"));
  for (const std::string_view name : {"", "magnet", "magnet.bin", "'quoted'", "x magnet:?", "magnets:x"}) {
    CAPTURE(name);
    CHECK_FALSE(looks_like_magnet(name));
  }
}

TEST_CASE("escapes in the name of a magnet link") {
  const auto name_of = [](const std::string& text) { return parse_magnet("magnet:?" + topic + "&dn=" + text)->name; };
  CHECK(name_of("100%25%20a+b%2B") == "100% a b+");
  CHECK(name_of("100% done") == "100% done");
  CHECK(name_of("%zz%4") == "%zz%4");
  CHECK(name_of("My File (v1) é.bin") == "My File (v1) é.bin");
  CHECK(name_of("%20x%20") == " x ");
}

TEST_CASE("magnet links that name no share are refused with the reason") {
  CHECK(reason("") != "");
  CHECK(reason("magnet:?") != "");
  CHECK(reason("http://x/?" + topic) != "");
  CHECK(reason("magnet:?xt=urn:btih:0123456789012345678901234567890123456789").find("version 1") != std::string::npos);
  CHECK(reason("magnet:?xt=urn:btmh:1220" + hash.substr(2)) != "");
  CHECK(reason("magnet:?xt=urn:btmh:1114" + hash.substr(24)) != "");
  CHECK(reason("magnet:?" + topic + "&xt=urn:btmh:1220ff" + hash.substr(2)).find("two") != std::string::npos);
  CHECK(reason("magnet:?" + topic + "&dn=" + std::string(magnet_bytes_max, 'x')) != "");
}

TEST_CASE("names and peers that are none are left out") {
  const auto link = parse_magnet("magnet:?" + topic +
                                 "&dn=%1b%5b2J&x.pe=host&x.pe=:1&x.pe=host:0&x.pe=host:65536&x.pe=ho st:1&x.pe=::1:1"
                                 "&x.pe=%0a:1&x.pe=%5B%5D:1");
  REQUIRE(link.has_value());
  CHECK(link->name.empty());
  CHECK(link->way.peers.empty());
}

TEST_CASE("what of a magnet link is not used is counted") {
  const auto link = parse_magnet("magnet:?" + topic +
                                 "&tr=udp%3A%2F%2Ft.example%3A6969&tr.1=http://t.example/a&tr=http://t.example/a&tr="
                                 "&tr=ws%3A%2F%2F192.0.2.1:7000%2Flive&ws=http%3A%2F%2Fw.example&xs=x&as=y&so=0-2");
  REQUIRE(link.has_value());
  CHECK(link->way.trackers == std::vector<std::string>{"192.0.2.1:7000"});
  CHECK(link->way.other_trackers == std::vector<std::string>{"udp://t.example:6969", "http://t.example/a"});
  CHECK(link->way.web_sources.size() == 3);
  CHECK(link->way.selects_files);
}

TEST_CASE("the number of peers of a magnet link is bounded") {
  std::string text = "magnet:?" + topic;
  for (int i = 0; i < 200; ++i) text += "&x.pe=h:" + std::to_string(i + 1);
  CHECK(parse_magnet(text)->way.peers.size() == ways_max);
}
