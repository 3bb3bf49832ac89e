#include "directory/tracking.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "unit/directory/signed_rows.hpp"

namespace shoal::tracking {
namespace {

using Catch::Contains;

template <class Id>
Id id_of(std::uint8_t byte) {
  Id id;
  id.bytes.fill(byte);
  return id;
}

const peer_id peer = id_of<peer_id>(0x11);
const share_id share = id_of<share_id>(0xab);
const std::string peer_hex = peer.hex();
const std::string share_hex = share.hex();

std::string offer_text(const std::string& members) {
  return R"({"type":"publish","shares":[{"id":")" + share_hex + "\"," + members + "}]}";
}

std::string join_text(const std::string& members) {
  return R"({"type":"join","peer":")" + peer_hex + "\"," + members + "}";
}

const publication published{id_of<publisher_id>(9), publication_ms_max};

std::string refusal_of(const std::string& text) {
  const auto decoded = decode_peer_message(text);
  REQUIRE(decoded.has_error());
  CHECK(decoded.error().code == errc::protocol);
  return decoded.error().text;
}

TEST_CASE("every message of a peer comes back") {
  const std::vector<peer_message> all{
      join{peer, "mac\"hine\\ \xc3\xbc", 65535, "0.1.0", "2001:db8::1",
           *join_token::from_hex("00112233445566778899aabbccddeeff")},
      publish{},
      publish{{{share, "data set", share_bytes_max, 4294967295, share_bytes_max, published}, {share, "b", 0, 0, 0}}},
      withdraw{{share, id_of<share_id>(1)}},
      progress{share, 12345678901},
      hashing{},
      hashing{{{"a", share_bytes_max, share_bytes_max}, {"b", 0, 0}}},
      watch{share},
      unwatch{share},
      unreached{share, {}},
      unreached{share, {peer, id_of<peer_id>(2)}},
      resync{},
      list_peers{},
      list_peers{peer},
      leave{},
      look{}};
  for (const auto& message : all) {
    CAPTURE(encode(message));
    CHECK(decode_peer_message(encode(message)).value() == message);
  }
}

TEST_CASE("a signature comes back unchecked, and only whole") {
  const auto row = testing::signed_row(*publisher_secret::make(), 1, "x", 5);
  const std::string text = encode(tracker_message{snapshot{1, {}, {row}}});
  CHECK(std::get<snapshot>(decode_tracker_message(text).value()).shares.at(0) == testing::unchecked(row));
  const std::string key = row.publication.signer.hex();
  CHECK_THAT(refusal_of(offer_text(R"("name":"n","bytes":1,"signer":")" + key + "\"")), Contains("go together"));
  CHECK_THAT(refusal_of(offer_text(R"("name":"n","bytes":1,"signature":")" + key + key + "\"")),
             Contains("go together"));
  CHECK_THAT(refusal_of(offer_text(R"("name":"n","bytes":1,"signature":")" + key + "\"")), Contains("signature"));
  CHECK_THAT(refusal_of(offer_text(R"("name":"n","bytes":1,"signer":1)")), Contains("signer"));
}

TEST_CASE("every message of the tracker comes back") {
  const peer_row row{peer, "host", "192.0.2.1", 6881, "0.1.0", true};
  const share_row listed{share, "name", 100, 2, 3, 4, std::numeric_limits<std::uint64_t>::max(), published};
  peer_row busy = row;
  busy.hashing = {{"big", 100, 7}, {"next", 0, 0}};
  const std::vector<tracker_message> all{welcome{"192.0.2.1", true, 5000},
                                         welcome{"192.0.2.1", true, 5000, {{"b.example:7000"}, {"[::1]:7000"}}},
                                         snapshot{},
                                         snapshot{std::numeric_limits<std::uint64_t>::max(), {row, busy}, {listed}},
                                         delta{7, {row}, {peer}, {listed}, {share}, {{share, 1, 2, 3}}},
                                         snapshot{1, {}, {listed}, 100'000},
                                         delta{7, {}, {}, {}, {}, {}, 17},
                                         peers_page{},
                                         peers_page{peer, {row, busy}, true},
                                         swarm{share, {{peer, "2001:db8::1", 1}}, {peer}},
                                         wanted{share, peer, "2001:db8::1", 65535},
                                         failure{"limit", "too many shares: withdraw some"}};
  for (const auto& message : all) {
    CAPTURE(encode(message));
    CHECK(decode_tracker_message(encode(message)).value() == message);
  }
}

TEST_CASE("messages have the text that the header promises") {
  CHECK(encode(peer_message{progress{share, 5}}) == R"({"type":"progress","id":")" + share_hex + R"(","have":5})");
  CHECK(encode(peer_message{leave{}}) == R"({"type":"leave"})");
  CHECK(encode(tracker_message{failure{"limit", "a\nb"}}) == R"({"type":"failure","code":"limit","text":"a\u000ab"})");
}

TEST_CASE("unknown members are ignored and others have defaults") {
  const auto message =
      decode_peer_message(R"( {"zone":{"a":[1]},"name":"n","peer":")" + peer_hex + R"(", "type":"join"} )");
  CHECK(message.value() == peer_message{join{peer, "n", 0, "", ""}});
  const auto upper = decode_peer_message(R"({"type":"watch","id":")" + std::string(64, 'A') + "\"}");
  CHECK(upper.value() == peer_message{watch{id_of<share_id>(0xaa)}});
}

TEST_CASE("what is not a message is refused and said why") {
  CHECK_THAT(refusal_of(""), Contains("not JSON"));
  CHECK_THAT(refusal_of("{"), Contains("not JSON"));
  CHECK_THAT(refusal_of(R"({"type":"leave"}{})"), Contains("not JSON"));
  CHECK_THAT(refusal_of("[]"), Contains("not a JSON object"));
  CHECK_THAT(refusal_of("{}"), Contains("\"type\""));
  CHECK_THAT(refusal_of(R"({"type":1})"), Contains("\"type\""));
  CHECK_THAT(refusal_of(R"({"type":"welcome"})"), Contains("unknown type"));
  CHECK_THAT(refusal_of(std::string(R"({"type":"leave","a":)") + std::string(17, '[') + std::string(17, ']') + "}"),
             Contains("not JSON"));
  CHECK(decode_peer_message(R"({"type":"leave","a":)" + std::string(15, '[') + std::string(15, ']') + "}").has_value());
}

TEST_CASE("the sides do not understand each other's messages") {
  CHECK(decode_tracker_message(encode(peer_message{leave{}})).has_error());
  CHECK(decode_peer_message(encode(tracker_message{snapshot{}})).has_error());
}

TEST_CASE("members are required, typed and bounded") {
  CHECK_THAT(refusal_of(R"({"type":"watch"})"), Contains("\"id\" is missing"));
  CHECK_THAT(refusal_of(R"({"type":"watch","id":7})"), Contains("not an id"));
  CHECK_THAT(refusal_of(R"({"type":"watch","id":")" + share_hex.substr(1) + "\"}"), Contains("not an id"));
  CHECK_THAT(refusal_of(R"({"type":"watch","id":")" + share_hex.substr(1) + "g\"}"), Contains("not an id"));
  CHECK_THAT(refusal_of(R"({"type":"publish"})"), Contains("\"shares\" is missing"));
  CHECK_THAT(refusal_of(R"({"type":"publish","shares":{}})"), Contains("not a list"));
  CHECK_THAT(refusal_of(R"({"type":"publish","shares":[1]})"), Contains("not a list of objects"));
  CHECK_THAT(refusal_of(R"({"type":"withdraw","ids":[[]]})"), Contains("not an id"));
  CHECK_THAT(refusal_of(join_text(R"("name":"n","port":65536)")), Contains("\"port\" is larger than 65535"));
  for (const char* number : {"-1", "1.5", "1e3", "\"1\"", "null", "18446744073709551616"}) {
    CAPTURE(number);
    CHECK_THAT(refusal_of(join_text(R"("name":"n","port":)" + std::string(number))), Contains("whole number"));
  }
  CHECK_THAT(refusal_of(offer_text(R"("name":"n","bytes":562949953421313)")), Contains("\"bytes\" is larger"));
  CHECK_THAT(refusal_of(offer_text(R"("name":"n","bytes":5,"have":6)")), Contains("\"have\" is larger"));
  CHECK_THAT(refusal_of(offer_text(R"("name":"n","bytes":5,"files":4294967296)")), Contains("\"files\""));
  CHECK_THAT(refusal_of(join_text(R"("name":"n","version":")" + std::string(65, 'v') + '"')),
             Contains("\"version\" is longer than 64"));
  CHECK_THAT(refusal_of(join_text(R"("name":"n","advertise":")" + std::string(65, 'v') + '"')),
             Contains("\"advertise\""));
  CHECK(decode_tracker_message(R"({"type":"welcome","address":"a","heartbeat_ms":1,"reachable":1})").has_error());
}

TEST_CASE("names cannot harm a terminal or a path") {
  for (const std::string name : {"a\\u0000b", "a\\nb", "\\u001b[2J", "\\u007f", "\\u009b2J",
                                 "\xc2\x9b"
                                 "2J",
                                 "a/b", "/", "", ".", "..", "\xff", "\xc3", "\\ud800"}) {
    CAPTURE(name);
    refusal_of(offer_text(R"("bytes":1,"name":")" + name + '"'));
    refusal_of(join_text(R"("name":")" + name + '"'));
  }
  for (const std::string name : {"...", "a b", "\xc3\xbc", "\xc2\xa0", "\xe2\x82\xac", "~", "\\\\"}) {
    CAPTURE(name);
    CHECK(decode_peer_message(offer_text(R"("bytes":1,"name":")" + name + '"')).has_value());
  }
  CHECK(decode_peer_message(join_text(R"("name":")" + std::string(255, 'n') + '"')).has_value());
  CHECK_THAT(refusal_of(join_text(R"("name":")" + std::string(256, 'n') + '"')), Contains("longer than 255"));
}

TEST_CASE("messages and lists are bounded") {
  withdraw many{std::vector<share_id>(shares_per_message_max)};
  CHECK(decode_peer_message(encode(peer_message{many})).has_value());
  many.ids.emplace_back();
  CHECK_THAT(refusal_of(encode(peer_message{many})), Contains("too many"));

  publish largest;
  for (std::size_t i = 0; i < shares_per_message_max; ++i) {
    largest.shares.push_back({share, std::string(name_bytes_max, '"'), share_bytes_max, 4294967295, share_bytes_max});
  }
  const std::string text = encode(peer_message{largest});
  CHECK(text.size() <= peer_message_bytes_max);
  CHECK(decode_peer_message(text).value() == peer_message{largest});

  std::string padded = encode(peer_message{leave{}});
  padded.resize(peer_message_bytes_max, ' ');
  CHECK(decode_peer_message(padded).has_value());
  padded += ' ';
  CHECK_THAT(refusal_of(padded), Contains("longer than"));
}

}  // namespace

TEST_CASE("what a tracker sends decodes piece by piece", "[tracking]") {
  snapshot all;
  all.seq = 7;
  for (std::uint8_t n = 0; n < 50; ++n) {
    peer_row row;
    row.peer.bytes[0] = n;
    row.name = "\"host\\" + std::to_string(n);
    row.hashing = {{"a", 5, 2}, {"b", 0, 0}};
    all.peers.push_back(row);
    share_row one;
    one.id.bytes[0] = n;
    one.name = "s";
    one.bytes = n;
    all.shares.push_back(one);
  }
  const std::string text = encode(tracker_message{all});
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{13}, text.size()}) {
    tracker_message_decoder decoder;
    for (std::size_t at = 0; at < text.size(); at += bytes) {
      REQUIRE(decoder.write(std::string_view(text).substr(at, bytes)).has_value());
    }
    CHECK(decoder.finish().value() == tracker_message{all});
  }
}

TEST_CASE("lists come behind the type", "[tracking]") {
  CHECK_THAT(decode_peer_message(R"({"shares":[],"type":"publish"})").error().text, Contains("before the type"));
  CHECK(decode_peer_message(R"({"other":[1],"type":"publish","shares":[]})").has_value());
  CHECK_THAT(decode_peer_message(R"({"type":"publish","shares":7})").error().text, Contains("not a list"));
  CHECK_THAT(decode_peer_message(R"({"type":"publish","shares":{}})").error().text, Contains("not a list"));
  CHECK_THAT(decode_peer_message(R"({"type":"publish","type":"leave"})").error().text, Contains("two types"));
}

TEST_CASE("an item that is too large is not built", "[tracking]") {
  std::string values;
  for (int i = 0; i < 20'000; ++i) values += "0,";
  const std::string row = R"({"id":"x","more":[)" + values + "0]}";
  CHECK_THAT(decode_peer_message(R"({"type":"publish","shares":[)" + row + "]}").error().text, Contains("too large"));
  // What nobody asked for is skipped.
  CHECK(decode_peer_message(R"({"type":"leave","more":[)" + row + "]}").has_value());
}

TEST_CASE("a row takes no more than it is counted for", "[tracking]") {
  const std::string longest(name_bytes_max, '"');
  peer_row one;
  one.peer.bytes.fill(0xff);
  one.name = longest;
  one.port = 65535;
  one.address = std::string(address_bytes_max, '"');
  one.version = std::string(version_bytes_max, '"');
  one.hashing.assign(3, {longest, share_bytes_max, share_bytes_max});
  const std::size_t frame = encode(tracker_message{snapshot{~0ull, {}, {}}}).size();
  CHECK(encode(tracker_message{snapshot{~0ull, {one}, {}}}).size() - frame <= encoded_bytes_max(one));
  share_row other;
  other.id.bytes.fill(0xff);
  other.name = longest;
  other.bytes = other.held = ~0ull;
  other.files = other.seeders = other.leechers = ~0u;
  other.publication.publisher.bytes.fill(0xff);
  other.publication.ms = publication_ms_max;
  CHECK(encode(tracker_message{snapshot{~0ull, {}, {other}}}).size() - frame <= encoded_bytes_max(other));
}

}  // namespace shoal::tracking
