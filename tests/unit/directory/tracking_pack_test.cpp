#include "directory/tracking_pack.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "directory/tracking.hpp"

using namespace shoal;

namespace {

std::string random_text(std::size_t bytes) {
  std::minstd_rand random;
  std::string text(bytes, ' ');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

}  // namespace

TEST_CASE("what is packed unpacks to the same", "[tracking_pack]") {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{1000}, 3 * MiB}) {
    const std::string text = random_text(bytes);
    CHECK(*tracking::unpack(*tracking::pack(text)) == text);
    const std::string dull(bytes, 'x');
    const auto packed = tracking::pack(dull);
    CHECK(packed.has_value() == (bytes <= tracking::unpacked_bytes_free));
    if (packed) CHECK(*tracking::unpack(*packed) == dull);
  }
}

TEST_CASE("a list of peers is packed to less than half", "[tracking_pack]") {
  tracking::snapshot all;
  std::minstd_rand random;
  for (int n = 0; n < 1000; ++n) {
    tracking::peer_row row;
    for (auto& byte : row.peer.bytes) byte = static_cast<std::uint8_t>(random());
    row.name = "host" + std::to_string(n);
    row.address = "192.0.2." + std::to_string(n % 250);
    row.version = "1.0.0";
    row.port = static_cast<std::uint16_t>(random());
    all.peers.push_back(row);
  }
  const std::string text = tracking::encode(tracking::tracker_message(all));
  CHECK(tracking::pack(text)->size() < text.size() / 2);
}

TEST_CASE("a long message is encoded in parts", "[tracking_pack]") {
  tracking::snapshot rows;
  rows.peers.resize(2000);
  rows.shares.resize(1);
  tracking::delta ids;
  ids.left.resize(5000);
  for (const tracking::tracker_message& message : {tracking::tracker_message(rows), tracking::tracker_message(ids)}) {
    tracking::packer packing;
    std::string text;
    const auto put = [&](std::string_view part) {
      text += part;
      packing.put(part);
    };
    const std::string last = tracking::encode(message, put);
    CHECK(last.size() < text.size());
    put(last);
    CHECK(text == tracking::encode(message));
    CHECK(*tracking::unpack(*packing.finish()) == text);
  }
}

TEST_CASE("what is not one whole packed message is refused", "[tracking_pack]") {
  const std::string packed = *tracking::pack(random_text(5000));
  CHECK_FALSE(tracking::unpack("").has_value());
  CHECK_FALSE(tracking::unpack("{}").has_value());
  CHECK_FALSE(tracking::unpack(packed + "x").has_value());
  for (const std::size_t cut : {std::size_t{1}, std::size_t{4}, packed.size() / 2}) {
    CHECK_FALSE(tracking::unpack(std::string_view(packed).substr(0, packed.size() - cut)).has_value());
  }
  std::string changed = packed;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  CHECK_FALSE(tracking::unpack(changed).has_value());
}

TEST_CASE("a small message that unpacks to too much is refused", "[tracking_pack]") {
  const std::string text(tracking::tracker_message_bytes_max, ' ');
  uLongf length = ::compressBound(text.size());
  std::string bomb(length, '\0');
  REQUIRE(::compress(reinterpret_cast<Bytef*>(bomb.data()), &length, reinterpret_cast<const Bytef*>(text.data()),
                     text.size()) == Z_OK);
  bomb.resize(length);
  REQUIRE(bomb.size() < 1 * MiB);
  tracking::unpacker unpacking;
  unpacking.put(bomb);
  std::size_t given = 0;
  auto piece = unpacking.next();
  for (; piece && !piece->empty(); piece = unpacking.next()) given += piece->size();
  REQUIRE_FALSE(piece.has_value());
  CHECK(piece.error().code == errc::protocol);
  CHECK(given <= tracking::unpacked_bytes_free + tracking::unpacked_bytes_per_byte * bomb.size());
}

// What peers hash has names without ids: many equal ones pack to next to nothing.
TEST_CASE("a message that packs too well is not packed", "[tracking_pack]") {
  tracking::snapshot all;
  for (std::uint8_t n = 0; n < 20; ++n) {
    tracking::peer_row row;
    row.peer.bytes[0] = n;
    row.name = "host";
    row.hashing.resize(1000);
    for (auto& one : row.hashing) one.name.assign(250, 'x');
    all.peers.push_back(row);
  }
  const std::string text = tracking::encode(tracking::tracker_message(all));
  CHECK_FALSE(tracking::pack(text).has_value());
  CHECK(tracking::decode_tracker_message(text).value() == tracking::tracker_message(all));
}

TEST_CASE("a packed message comes in pieces of any size", "[tracking_pack]") {
  const std::string text = random_text(200'000);
  const std::string packed = *tracking::pack(text);
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{1000}}) {
    tracking::unpacker unpacking;
    std::string got;
    for (std::size_t at = 0; at < packed.size(); at += bytes) {
      unpacking.put(std::string_view(packed).substr(at, bytes));
      for (auto piece = unpacking.next(); !piece.value().empty(); piece = unpacking.next()) got += *piece;
    }
    CHECK(unpacking.complete());
    CHECK(got == text);
  }
}
