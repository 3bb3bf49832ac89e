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
    CHECK(*tracking::unpack(tracking::pack(text)) == text);
    const std::string dull(bytes, 'x');
    CHECK(*tracking::unpack(tracking::pack(dull)) == dull);
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
  CHECK(tracking::pack(text).size() < text.size() / 2);
}

TEST_CASE("what is not one whole packed message is refused", "[tracking_pack]") {
  const std::string packed = tracking::pack(random_text(5000));
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
  const std::string bomb = tracking::pack(std::string(tracking::tracker_message_bytes_max + 300 * KiB, ' '));
  REQUIRE(bomb.size() < 2 * MiB);
  REQUIRE_FALSE(tracking::unpack(bomb).has_value());
  CHECK(tracking::unpack(bomb).error().code == errc::protocol);
}
