#include "wire/messages.hpp"

#include <catch2/catch.hpp>

#include "wire/extension.hpp"

namespace shoal::wire {
namespace {

byte_buffer hex(std::string_view text) {
  return from_hex(text).value();
}

byte_buffer frame_of(const message& what) {
  byte_buffer out;
  encode(what, out);
  return out;
}

result<message> decode_whole(const byte_buffer& framed) {
  REQUIRE(framed.size() >= 4);
  REQUIRE(load_be32(framed.data()) == framed.size() - 4);
  return decode(byte_view{framed}.subspan(4));
}

hash_range some_range() {
  hash_range range;
  range.root.bytes.fill(0xab);
  range.base_height = 2;
  range.index = 512;
  range.count = 4;
  range.proof_layers = 9;
  return range;
}

const byte_range some_bytes{piece_index{0x01020304}, 0x4000, 0x8000};

struct sample {
  message what;
  std::string wire;
};

std::vector<sample> samples() {
  std::string root;
  for (int i = 0; i < 32; ++i) root += "ab";
  const std::string range = root +
                            "00000002"
                            "00000200"
                            "00000004"
                            "00000009";
  hashes answer{some_range(), {digest{}, digest{}}};
  answer.values[1].bytes.fill(0xcd);
  std::string values(64, '0');
  for (int i = 0; i < 32; ++i) values += "cd";
  return {
      {keep_alive{}, "00000000"},
      {choke{}, "0000000100"},
      {unchoke{}, "0000000101"},
      {interested{}, "0000000102"},
      {not_interested{}, "0000000103"},
      {have{piece_index{0xfffefdfc}}, "0000000504fffefdfc"},
      {bitfield{{0x80, 0x01}}, "00000003058001"},
      {bitfield{}, "0000000105"},
      {request{some_bytes}, "0000000d06010203040000400000008000"},
      {cancel{some_bytes}, "0000000d08010203040000400000008000"},
      {suggest{piece_index{7}}, "000000050d00000007"},
      {have_all{}, "000000010e"},
      {have_none{}, "000000010f"},
      {reject{some_bytes}, "0000000d10010203040000400000008000"},
      {allowed_fast{piece_index{7}}, "000000051100000007"},
      {extended{0, {'d', 'e'}}, "0000000414006465"},
      {extended{3, {}}, "000000021403"},
      {hash_request{some_range()}, "0000003115" + range},
      {answer, "0000007116" + range + values},
      {hash_reject{some_range()}, "0000003117" + range},
  };
}

TEST_CASE("a handshake has the bytes that other clients expect") {
  handshake ours;
  ours.share.bytes.fill(0x11);
  ours.peer.bytes.fill(0x22);
  const byte_buffer bytes = encode(ours);
  std::string ids;
  for (int i = 0; i < 20; ++i) ids += "11";
  for (int i = 0; i < 20; ++i) ids += "22";
  CHECK(to_hex(bytes) ==
        "13426974546f7272656e742070726f746f636f6c"
        "0000000000100014" +
            ids);
  CHECK(decode_handshake(bytes).value() == ours);
}

TEST_CASE("each handshake flag has its own bit") {
  for (int flags = 0; flags < 8; ++flags) {
    handshake ours;
    ours.extension_protocol = (flags & 1) != 0;
    ours.fast = (flags & 2) != 0;
    ours.v2 = (flags & 4) != 0;
    CHECK(decode_handshake(encode(ours)).value() == ours);
  }
  byte_buffer all = encode(handshake{});
  for (std::size_t i = 20; i < 28; ++i) all[i] = 0xff;
  CHECK(decode_handshake(all).value() == handshake{});
}

TEST_CASE("what is not a BitTorrent handshake is refused") {
  const byte_buffer good = encode(handshake{});
  CHECK(decode_handshake({}).error().code == errc::protocol);
  CHECK(decode_handshake(byte_view{good}.first(67)).has_error());
  for (std::size_t i = 0; i < 20; ++i) {
    byte_buffer bad = good;
    bad[i] ^= 1;
    CHECK(decode_handshake(bad).error().code == errc::protocol);
  }
}

TEST_CASE("a truncated id is the first 20 bytes of the share id") {
  share_id id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<std::uint8_t>(i);
  CHECK(truncate(id).hex() == id.hex().substr(0, 40));
}

TEST_CASE("every message has its bytes on the wire and comes back") {
  for (const sample& s : samples()) {
    CAPTURE(s.wire);
    CHECK(to_hex(frame_of(s.what)) == s.wire);
    const auto back = decode_whole(hex(s.wire));
    REQUIRE(back.has_value());
    CHECK(*back == s.what);
  }
}

TEST_CASE("encoding appends") {
  byte_buffer out;
  encode(choke{}, out);
  encode(have{piece_index{1}}, out);
  encode(keep_alive{}, out);
  CHECK(to_hex(out) ==
        "0000000100"
        "000000050400000001"
        "00000000");
}

TEST_CASE("a piece header announces its payload") {
  byte_buffer out;
  encode_piece_header({piece_index{5}, 0x4000, 0x100000}, out);
  CHECK(to_hex(out) ==
        "00100009"
        "07"
        "00000005"
        "00004000");
}

TEST_CASE("a message of another length than its id has is refused") {
  for (const sample& s : samples()) {
    const byte_buffer whole = hex(s.wire);
    const bool any_length = std::holds_alternative<bitfield>(s.what) || std::holds_alternative<extended>(s.what) ||
                            std::holds_alternative<keep_alive>(s.what);
    if (any_length) continue;
    CAPTURE(s.wire);
    for (std::size_t kept = 5; kept < whole.size(); ++kept) {
      const auto cut = decode(byte_view{whole}.subspan(4, kept - 4));
      // `hashes` is only cut off where a digest ends.
      const bool whole_digests = std::holds_alternative<hashes>(s.what) && kept >= 53 && (kept - 53) % 32 == 0;
      CHECK(cut.has_value() == whole_digests);
      if (!cut) CHECK(cut.error().code == errc::protocol);
    }
    byte_buffer longer = whole;
    longer.push_back(0);
    CHECK(decode(byte_view{longer}.subspan(4)).has_error());
  }
  CHECK(decode(hex("14")).has_error());
  CHECK(decode(hex("07000000000000000001")).error().code == errc::protocol);
}

TEST_CASE("requests are bounded") {
  for (const message& what :
       {message{request{{piece_index{}, 0, request_bytes_max}}}, message{cancel{{piece_index{}, 0, request_bytes_max}}},
        message{reject{{piece_index{}, 0, request_bytes_max}}}}) {
    byte_buffer framed = frame_of(what);
    CHECK(decode_whole(framed).has_value());
    store_be32(framed.data() + 13, request_bytes_max + 1);
    CHECK(decode_whole(framed).error().code == errc::protocol);
  }
}

TEST_CASE("hashes are bounded") {
  hashes answer{some_range(), std::vector<digest>(hashes_per_request_max + hash_proofs_max)};
  CHECK(decode_whole(frame_of(answer)).value() == message{answer});
  answer.values.emplace_back();
  CHECK(decode_whole(frame_of(answer)).error().code == errc::protocol);
}

TEST_CASE("an unknown id is a message that encodes to nothing") {
  for (const std::uint8_t id : byte_buffer{9, 10, 18, 24, 255}) {
    const byte_buffer frame{id, 1, 2};
    CHECK(decode(frame).value() == message{unknown{id}});
  }
  CHECK(frame_of(unknown{9}).empty());
}

}  // namespace
}  // namespace shoal::wire
