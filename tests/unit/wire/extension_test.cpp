#include "wire/extension.hpp"

#include <catch2/catch.hpp>

#include "content/signed_publication.hpp"

namespace shoal::wire {
namespace {

result<extension_handshake> read_handshake(std::string_view text) {
  return decode_extension_handshake(as_bytes(text));
}

result<metadata_message> read_metadata(std::string_view text) {
  return decode_metadata_message(as_bytes(text));
}

TEST_CASE("an extension handshake has the bytes of BEP 10 and comes back") {
  extension_handshake ours;
  ours.ut_metadata = ut_metadata_id;
  ours.shoal = shoal_id;
  ours.shoal_files = shoal_files_id;
  ours.attributes_bytes = 77;
  ours.metadata_bytes = 31235;
  ours.request_bytes = request_bytes_max;
  ours.requests_queued = requests_queued_max;
  ours.listen_port = 6881;
  ours.client = "shoal 0.1.0";
  const byte_buffer bytes = encode(ours);
  CHECK(as_text(bytes) ==
        "d1:md5:shoali2e11:shoal_filesi3e11:ut_metadatai1ee13:metadata_sizei31235e1:pi6881e4:reqqi2048e"
        "5:shoald11:files_bytesi77e13:request_bytesi1048576ee1:v11:shoal 0.1.0e");
  CHECK(decode_extension_handshake(bytes).value() == ours);
  CHECK(decode_extension_handshake(encode(extension_handshake{})).value() == extension_handshake{});
}

TEST_CASE("who signed the share travels in the extension handshake, unchecked") {
  const auto secret = *publisher_secret::make();
  extension_handshake ours;
  ours.published = *signed_by(secret, publication{{}, 5}, share_id{}, "name");
  auto read = decode_extension_handshake(encode(ours)).value().published;
  CHECK(read.of_signature == standing::unchecked);
  CHECK(checked(read, share_id{}, "name") == ours.published);
  CHECK(read_handshake("d5:shoald6:signed3:abcee").value().published == publication{});
  CHECK(read_handshake("d5:shoald6:signedi1eee").value().published == publication{});
}

TEST_CASE("another client's extension handshake is understood") {
  const auto theirs = read_handshake(
      "d12:complete_agoi1e1:md11:lt_donthavei7e10:share_modei8e11:upload_onlyi3e12:ut_holepunchi4e"
      "11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei132e4:reqqi500e1:v16:libtorrent/"
      "2.0.86:yourip4:\x7f\x01\x01\x01"
      "e");
  extension_handshake expected;
  expected.ut_metadata = 2;
  expected.metadata_bytes = 132;
  expected.requests_queued = 500;
  expected.client = "libtorrent/2.0.8";
  CHECK(theirs.value() == expected);
}

TEST_CASE("values outside their range are clamped or not taken") {
  CHECK(read_handshake("de").value() == extension_handshake{});
  CHECK(read_handshake("d1:mi1e1:p1:x4:reqqlee").value() == extension_handshake{});
  for (const std::string id : {"0", "-1", "256", "9223372036854775807"}) {
    CHECK_FALSE(read_handshake("d1:md5:shoali" + id + "eee").value().shoal.has_value());
  }
  CHECK(read_handshake("d1:md5:shoali255eee").value().shoal == 255);
  CHECK(read_handshake("d4:reqqi0ee").value().requests_queued == 1);
  CHECK(read_handshake("d4:reqqi9999999999ee").value().requests_queued == requests_queued_max);
  CHECK(read_handshake("d5:shoald13:request_bytesi-5eee").value().request_bytes == 16 * 1024);
  CHECK(read_handshake("d5:shoald13:request_bytesi65536eee").value().request_bytes == 65536);
  CHECK(read_handshake("d5:shoald13:request_bytesi99999999eee").value().request_bytes == request_bytes_max);
  CHECK(read_handshake("d1:pi65536ee").value().listen_port == 0);
  CHECK(read_handshake("d13:metadata_sizei4294967296ee").value().metadata_bytes == 0);
  CHECK(read_handshake("d13:metadata_sizei-1ee").value().metadata_bytes == 0);
  CHECK(read_handshake("d1:v5:a\x1b[\xc3\x7f"
                       "e")
            .value()
            .client == "a?[??");
  CHECK(read_handshake("d1:v100:" + std::string(100, 'x') + "e").value().client == std::string(64, 'x'));
}

TEST_CASE("what is not an extension handshake is refused") {
  for (const std::string text : {"", "i1e", "le", "d", "d1:m", "de0"}) {
    CAPTURE(text);
    REQUIRE(read_handshake(text).has_error());
    CHECK(read_handshake(text).error().code == errc::protocol);
  }
  const auto padded = [](std::size_t bytes) {
    return "d1:x" + std::to_string(bytes) + ':' + std::string(bytes, 0) + 'e';
  };
  CHECK(read_handshake(padded(16 * 1024 - 11)).has_value());
  CHECK(read_handshake(padded(16 * 1024 - 10)).error().code == errc::protocol);
}

TEST_CASE("metadata messages have the bytes of BEP 9 and come back") {
  using kind = metadata_message::kind;
  const metadata_message request{kind::request, 3, 0, {}};
  const metadata_message data{kind::data, 0, 34256, {'d', 'e', 0xff}};
  const metadata_message reject{kind::reject, 4294967295, 0, {}};
  CHECK(as_text(encode(request)) == "d8:msg_typei0e5:piecei3ee");
  CHECK(as_text(encode(data)) == "d8:msg_typei1e5:piecei0e10:total_sizei34256eede\xff");
  CHECK(as_text(encode(reject)) == "d8:msg_typei2e5:piecei4294967295ee");
  for (const auto& message : {request, data, reject}) {
    CHECK(decode_metadata_message(encode(message)).value() == message);
  }
}

TEST_CASE("what is not a metadata message is refused") {
  for (const std::string text : {"", "i1e", "de", "d8:msg_typei3e5:piecei0ee", "d8:msg_typei-1e5:piecei0ee",
                                 "d8:msg_typei0ee", "d8:msg_typei0e5:piecei-1ee", "d8:msg_typei0e5:piecei4294967296ee",
                                 "d8:msg_typei1e5:piecei0e10:total_sizei9ee"}) {
    CAPTURE(text);
    REQUIRE(read_metadata(text).has_error());
    CHECK(read_metadata(text).error().code == errc::protocol);
  }
}

TEST_CASE("metadata is bounded by its piece") {
  metadata_message data{metadata_message::kind::data, 1, 100000, byte_buffer(metadata_piece_bytes, 'x')};
  CHECK(decode_metadata_message(encode(data)).value() == data);
  data.data.push_back('x');
  CHECK(decode_metadata_message(encode(data)).error().code == errc::protocol);
  CHECK(decode_metadata_message(byte_buffer(100000, 'l')).error().code == errc::protocol);
}

TEST_CASE("a hint tells pieces in four bytes each and comes back") {
  const pieces_hint hint{{piece_index{1}, piece_index{0x01020304}}, {piece_index{7}}};
  const byte_buffer bytes = encode(hint);
  using namespace std::string_view_literals;
  CHECK(as_text(bytes) ==
        "d8:returned4:\0\0\0\x07"
        "5:taken8:\0\0\0\x01\x01\x02\x03\x04"
        "e"sv);
  CHECK(decode_pieces_hint(bytes).value() == hint);
  CHECK(decode_pieces_hint(encode(pieces_hint{})).value() == pieces_hint{});
  const pieces_hint last_words{{}, {}, {piece_index{9}}, "verification"};
  CHECK(as_text(encode(last_words)) ==
        "d6:failed4:\0\0\0\x09"
        "9:withdrawn12:verificatione"sv);
  CHECK(decode_pieces_hint(encode(last_words)).value() == last_words);
}

TEST_CASE("a hint tells a limit, also that there is none any more") {
  pieces_hint hint;
  hint.limited = 2'000'000;
  CHECK(as_text(encode(hint)) == "d7:limitedi2000000ee");
  CHECK(decode_pieces_hint(encode(hint)).value() == hint);
  hint.limited = 0;
  CHECK(decode_pieces_hint(encode(hint)).value() == hint);
  for (const std::string_view nonsense : {"d7:limitedi-5ee", "d7:limitedi9223372036854775807ee", "d7:limited1:5e"}) {
    CHECK_FALSE(decode_pieces_hint(as_bytes(nonsense)).value().limited);
  }
}

TEST_CASE("hints that are no hints are refused") {
  for (const std::string_view text : {"", "i1e", "d5:taken3:abce", "d8:returned5:abcdee", "d6:failed1:ae"}) {
    CHECK(decode_pieces_hint(as_bytes(text)).error().code == errc::protocol);
  }
  const std::string many(4 * hinted_pieces_max + 4, 'a');
  const std::string message = "d5:taken" + std::to_string(many.size()) + ":" + many + "e";
  CHECK(decode_pieces_hint(as_bytes(message)).error().code == errc::protocol);
}

}  // namespace
}  // namespace shoal::wire
