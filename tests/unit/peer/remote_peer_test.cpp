#include "peer/session/remote_peer.hpp"

#include <catch2/catch.hpp>

namespace shoal::testing {

namespace {

constexpr std::uint32_t pieces = 10;

remote_peer greeted() {
  return remote_peer(wire::handshake{});
}

bitmap some(std::initializer_list<std::uint32_t> which) {
  bitmap bits(pieces);
  for (const std::uint32_t one : which) bits.set(one);
  return bits;
}

}  // namespace

TEST_CASE("pieces that a peer names before their number is known are read with it") {
  remote_peer peer = greeted();
  CHECK(peer.on_pieces(wire::bitfield{some({1, 9}).to_bytes()}));
  CHECK(peer.on_early_have(piece_index{4}));
  CHECK(peer.on_early_have(piece_index{pieces}));
  CHECK(peer.holds().size() == 0);
  CHECK_FALSE(peer.holds_all());
  REQUIRE(peer.on_shape(pieces).has_value());
  CHECK(peer.holds() == some({1, 4, 9}));
  REQUIRE(peer.on_shape(pieces).has_value());
  CHECK(peer.holds() == some({1, 4, 9}));
}

TEST_CASE("a peer that says nothing of its pieces has none") {
  remote_peer peer = greeted();
  REQUIRE(peer.on_shape(pieces).has_value());
  CHECK(peer.holds() == bitmap(pieces));
}

TEST_CASE("what a peer says last of all its pieces counts") {
  remote_peer peer = greeted();
  CHECK(peer.on_pieces(wire::have_all{}));
  REQUIRE(peer.on_shape(pieces).has_value());
  CHECK(peer.holds_all());
  CHECK(peer.on_pieces(wire::have_none{}));
  REQUIRE(peer.on_shape(pieces).has_value());
  CHECK(peer.holds().none());
  CHECK(peer.holds().size() == pieces);
}

TEST_CASE("a bitfield of the wrong size is an error") {
  remote_peer peer = greeted();
  CHECK(peer.on_pieces(wire::bitfield{byte_buffer(3)}));
  const auto read = peer.on_shape(pieces);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == errc::protocol);
}

TEST_CASE("a have is news once, and an error if there is no such piece") {
  remote_peer peer = greeted();
  REQUIRE(peer.on_shape(pieces).has_value());
  CHECK(*peer.on_have(piece_index{3}));
  CHECK_FALSE(*peer.on_have(piece_index{3}));
  CHECK(peer.holds() == some({3}));
  const auto beyond = peer.on_have(piece_index{pieces});
  REQUIRE_FALSE(beyond.has_value());
  CHECK(beyond.error().code == errc::protocol);
}

TEST_CASE("a peer cannot make this side keep haves without end") {
  remote_peer peer = greeted();
  for (std::uint32_t i = 0; i < remote_peer::early_haves_max; ++i) (void)peer.on_early_have(piece_index{0});
  CHECK(peer.on_early_have(piece_index{1}));
  REQUIRE(peer.on_shape(pieces).has_value());
  CHECK(peer.holds() == some({0}));
}

TEST_CASE("what is kept until the shape is known is bounded for all sessions together") {
  wire::frame_memory memory(100);
  {
    remote_peer one(wire::handshake{}, &memory);
    CHECK(one.on_pieces(wire::bitfield{byte_buffer(60)}));
    remote_peer other(wire::handshake{}, &memory);
    CHECK_FALSE(other.on_pieces(wire::bitfield{byte_buffer(60)}));
    CHECK(other.on_pieces(wire::have_all{}));
    std::uint32_t haves = 0;
    while (haves < 1000 && other.on_early_have(piece_index{0})) ++haves;
    CHECK(haves == 5);
    CHECK(memory.left() == 0);
    CHECK_FALSE(one.on_shape(pieces).has_value());
    REQUIRE(other.on_shape(pieces).has_value());
    CHECK(memory.left() == 40);
  }
  CHECK(memory.left() == 100);
}

TEST_CASE("only with the extension that carries it can something be asked for") {
  remote_peer peer = greeted();
  CHECK(peer.request_bytes_max() == block_bytes);
  wire::extension_handshake said;
  said.metadata_bytes = 500;
  said.attributes_bytes = 40;
  said.request_bytes = wire::request_bytes_max;
  peer.on_extensions(said);
  CHECK(peer.info_bytes() == 0);
  CHECK(peer.attributes_bytes() == 0);
  CHECK(peer.request_bytes_max() == block_bytes);
  CHECK_FALSE(peer.hears_hints());
  said.ut_metadata = 7;
  said.shoal = 8;
  said.shoal_files = 9;
  peer.on_extensions(said);
  CHECK(peer.info_bytes() == 500);
  CHECK(peer.attributes_bytes() == 40);
  CHECK(peer.request_bytes_max() == wire::request_bytes_max);
  CHECK(peer.hears_hints());
}

}  // namespace shoal::testing
