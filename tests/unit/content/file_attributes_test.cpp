#include "content/file_attributes.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "content/bencode.hpp"
#include "show_result.hpp"
#include "unit/content/sample_share.hpp"

namespace shoal {
namespace {

byte_buffer list_of(std::size_t times, std::size_t modes) {
  bencode::writer out;
  out.begin_dictionary().key("modes").string(std::string(modes, '\xff')).key("times").string(std::string(times, 'x'));
  return out.end().take();
}

}  // namespace

TEST_CASE("attributes are read as they were written", "[file_attributes]") {
  const std::vector<file_attributes> files{{0, 0644},
                                           {-1, 0},
                                           {std::numeric_limits<std::int64_t>::min(), 0777},
                                           {std::numeric_limits<std::int64_t>::max(), 0600}};
  const byte_buffer list = encode_attributes(files);
  CHECK(list.size() <= attributes_bytes_max(4));
  CHECK(decode_attributes(list, 4).value() == files);
  CHECK(decode_attributes(encode_attributes({}), 0).value().empty());
}

TEST_CASE("a list of attributes that is not of the share is refused", "[file_attributes]") {
  CHECK(decode_attributes(list_of(16, 4), 2).has_value());
  for (const byte_buffer& list : {list_of(15, 4), list_of(16, 5), list_of(8, 2), list_of(24, 6), byte_buffer{}}) {
    CHECK(decode_attributes(list, 2).error().code == errc::malformed);
  }
  CHECK_FALSE(decode_attributes(as_bytes("d5:times0:e"), 0).has_value());
  CHECK_FALSE(decode_attributes(as_bytes("i5e"), 0).has_value());
}

TEST_CASE("no mode gives a program the rights of its owner", "[file_attributes]") {
  for (const file_attributes& file : decode_attributes(list_of(16, 4), 2).value()) CHECK(file.mode == 0777);
  const std::vector<file_attributes> setuid{{0, 07777}};
  CHECK(decode_attributes(encode_attributes(setuid), 1).value().front().mode == 0777);
}

TEST_CASE("attributes travel in a .torrent and do not change the id", "[file_attributes]") {
  const auto share = testing::share_builder("s", true, 64 * KiB).file("a", 1, 100'000).empty_directory("d").build();
  REQUIRE(share);
  CHECK((*share)->attributes().empty());
  const byte_buffer list = encode_attributes(std::vector<file_attributes>{{7, 0640}});
  const auto with = (*share)->with_attributes(list);
  REQUIRE(with);
  CHECK((*with)->id() == (*share)->id());
  const auto read = metainfo::from_torrent((*with)->to_torrent());
  REQUIRE(read);
  CHECK((*read)->id() == (*share)->id());
  CHECK(as_text((*read)->attributes()) == as_text(list));
  CHECK_FALSE((*share)->with_attributes(encode_attributes({})));
  // What is no list of this share is passed over.
  std::string torrent(as_text((*share)->to_torrent()));
  torrent.insert(torrent.size() - 1, "11:shoal.filesd5:modes0:5:times0:e");
  const auto foreign = metainfo::from_torrent(as_bytes(torrent));
  REQUIRE(foreign);
  CHECK((*foreign)->attributes().empty());
}

}  // namespace shoal
