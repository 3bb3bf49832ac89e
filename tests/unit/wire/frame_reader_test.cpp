#include "wire/frame_reader.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

namespace shoal::wire {
namespace {

using event = frame_reader::event;

void feed(frame_reader& reader, byte_view bytes) {
  while (!bytes.empty()) {
    const auto space = reader.free_space();
    REQUIRE(!space.empty());
    const std::size_t taken = std::min(space.size(), bytes.size());
    std::copy_n(bytes.begin(), taken, space.begin());
    reader.commit(taken);
    bytes = bytes.subspan(taken);
  }
}

byte_buffer stream_of(const std::vector<message>& messages) {
  byte_buffer out;
  for (const message& what : messages) encode(what, out);
  return out;
}

byte_buffer length_and_id(std::size_t length, std::uint8_t id) {
  byte_buffer out(5);
  store_be32(out.data(), static_cast<std::uint32_t>(length));
  out[4] = id;
  return out;
}

TEST_CASE("messages come out one at a time and in order") {
  const std::vector<message> sent{keep_alive{}, have{piece_index{3}}, bitfield{{1, 2, 3}}, unchoke{}, keep_alive{}};
  frame_reader reader;
  feed(reader, stream_of(sent));
  for (const message& what : sent) CHECK(reader.try_next().value() == event{what});
  CHECK(reader.try_next().value() == event{frame_reader::more{}});
  CHECK(reader.empty());
}

TEST_CASE("a message is reported with its last byte, not before") {
  for (const message& what : {message{keep_alive{}}, message{choke{}}, message{have{piece_index{9}}},
                              message{extended{1, byte_buffer(100, 7)}}}) {
    const byte_buffer bytes = stream_of({what});
    frame_reader reader;
    CHECK(reader.try_next().value() == event{frame_reader::more{}});
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      CHECK(reader.try_next().value() == event{frame_reader::more{}});
      feed(reader, byte_view{bytes}.subspan(i, 1));
    }
    CHECK(reader.try_next().value() == event{what});
  }
}

TEST_CASE("a piece is reported with its header; its payload is taken or skipped") {
  const byte_range range{piece_index{2}, 0x4000, 10};
  byte_buffer bytes;
  encode_piece_header(range, bytes);
  frame_reader reader;
  feed(reader, byte_view{bytes}.first(12));
  CHECK(reader.try_next().value() == event{frame_reader::more{}});
  feed(reader, byte_view{bytes}.last(1));
  CHECK(reader.try_next().value() == event{frame_reader::piece{range}});
  CHECK(reader.payload_due() == 10);
  CHECK(reader.empty());

  byte_buffer to(20);
  CHECK(reader.take_payload(to) == 0);
  feed(reader, byte_buffer{1, 2, 3, 4, 5});
  CHECK(reader.take_payload(std::span{to}.first(4)) == 4);
  CHECK(reader.take_payload(std::span{to}.subspan(4)) == 1);
  CHECK(reader.payload_due() == 5);
  reader.skip_payload(3);

  // What follows the payload stays for try_next.
  byte_buffer rest{6, 7};
  encode(have{piece_index{2}}, rest);
  feed(reader, rest);
  CHECK(reader.take_payload(std::span{to}.subspan(5)) == 2);
  CHECK(reader.payload_due() == 0);
  CHECK(reader.take_payload(to) == 0);
  CHECK(byte_buffer(to.begin(), to.begin() + 7) == byte_buffer{1, 2, 3, 4, 5, 6, 7});
  CHECK(reader.try_next().value() == event{have{piece_index{2}}});
}

TEST_CASE("piece payload is bounded") {
  frame_reader largest;
  feed(largest, length_and_id(9 + frame_reader::payload_bytes_max, 7));
  CHECK(largest.try_next().value() == event{frame_reader::more{}});
  for (const std::size_t length : {std::size_t{1}, std::size_t{8}, std::size_t{9}, 10 + frame_reader::payload_bytes_max,
                                   std::size_t{0xffffffff}}) {
    frame_reader reader;
    feed(reader, length_and_id(length, 7));
    CHECK(reader.try_next().error().code == errc::protocol);
  }
}

TEST_CASE("a frame that is too long is refused before its content arrives") {
  const std::size_t control = frame_reader::control_frame_bytes_max;
  for (const auto& [id, longest] : {std::pair<std::uint8_t, std::size_t>{5, frame_reader::frame_bytes_max},
                                    {20, control},
                                    {4, control},
                                    {200, control}}) {
    frame_reader reader;
    feed(reader, length_and_id(longest, id));
    CHECK(reader.try_next().value() == event{frame_reader::more{}});
    frame_reader other;
    feed(other, length_and_id(longest + 1, id));
    CHECK(other.try_next().error().code == errc::protocol);
  }
}

TEST_CASE("the largest bitfield passes and the buffer shrinks after it") {
  frame_reader reader;
  const message large = bitfield{byte_buffer(pieces_max / 8, 0x5a)};
  byte_buffer bytes = stream_of({choke{}, large, unchoke{}});
  feed(reader, byte_view{bytes}.first(5));
  CHECK(reader.try_next().value() == event{choke{}});
  feed(reader, byte_view{bytes}.subspan(5, bytes.size() - 10));
  CHECK(reader.try_next().value() == event{large});
  feed(reader, byte_view{bytes}.last(5));
  CHECK(reader.try_next().value() == event{unchoke{}});
  CHECK(reader.free_space().size() == frame_reader::buffer_bytes);
}

TEST_CASE("a claimed length costs no memory before its bytes arrive") {
  frame_reader reader;
  feed(reader, length_and_id(frame_reader::frame_bytes_max, 5));
  CHECK(reader.try_next().value() == event{frame_reader::more{}});
  CHECK(reader.free_space().size() == frame_reader::buffer_bytes - 5);
}

TEST_CASE("the longest control frame fits wherever in the buffer it begins") {
  const message filler = extended{1, byte_buffer(40000, 1)};
  const message longest = extended{2, byte_buffer(frame_reader::control_frame_bytes_max - 2, 2)};
  const byte_buffer bytes = stream_of({filler, longest, choke{}});
  frame_reader reader;
  feed(reader, byte_view{bytes}.first(frame_reader::buffer_bytes));
  CHECK(reader.try_next().value() == event{filler});
  CHECK(reader.try_next().value() == event{frame_reader::more{}});
  feed(reader, byte_view{bytes}.subspan(frame_reader::buffer_bytes, bytes.size() - frame_reader::buffer_bytes - 5));
  CHECK(reader.try_next().value() == event{longest});
  feed(reader, byte_view{bytes}.last(5));
  CHECK(reader.try_next().value() == event{choke{}});
}

TEST_CASE("a frame that does not decode ends the stream") {
  frame_reader reader;
  feed(reader, from_hex("000000020100").value());
  CHECK(reader.try_next().error().code == errc::protocol);
}

TEST_CASE("release frees an empty buffer only") {
  frame_reader reader;
  feed(reader, from_hex("00000001").value());
  CHECK(reader.release());
  feed(reader, from_hex("01").value());
  CHECK(reader.try_next().value() == event{unchoke{}});
  CHECK(reader.release());
  CHECK(reader.try_next().value() == event{frame_reader::more{}});
  feed(reader, from_hex("0000000100").value());
  CHECK(reader.try_next().value() == event{choke{}});
}

TEST_CASE("a reader that waits in the middle of a short message holds little, and goes on") {
  frame_reader reader;
  const byte_buffer bytes = stream_of({extended{1, byte_buffer(5000, 1)}, choke{}});
  feed(reader, byte_view{bytes}.first(1500));
  CHECK(reader.try_next().value() == event{frame_reader::more{}});
  CHECK(reader.release());
  feed(reader, byte_view{bytes}.subspan(1500));
  CHECK(reader.try_next().value() == event{extended{1, byte_buffer(5000, 1)}});
  CHECK(reader.try_next().value() == event{choke{}});
}

TEST_CASE("long messages of all readers together are bounded, and give back what they took") {
  constexpr std::size_t room = 2 * frame_reader::buffer_bytes - frame_memory::free_bytes;
  frame_memory memory(room);
  const message large = bitfield{byte_buffer(2 * frame_reader::buffer_bytes - 10, 0x5a)};
  const byte_buffer bytes = stream_of({large});
  const auto begin = [&](frame_reader& reader) { feed(reader, byte_view{bytes}.first(frame_reader::buffer_bytes)); };
  frame_reader second(&memory);
  {
    frame_reader first(&memory);
    begin(first);
    CHECK(first.try_next().value() == event{frame_reader::more{}});
    CHECK_FALSE(first.free_space().empty());
    CHECK(memory.left() < 10);
    begin(second);
    CHECK(second.try_next().value() == event{frame_reader::more{}});
    CHECK(second.free_space().empty());
    CHECK_FALSE(second.release());
  }
  CHECK(memory.left() == room);
  feed(second, byte_view{bytes}.subspan(frame_reader::buffer_bytes));
  CHECK(second.try_next().value() == event{large});
  CHECK(second.release());
  CHECK(memory.left() == room);
}

TEST_CASE("a crowd of one origin that stops in the middle of messages takes nothing from others") {
  const auto origin = [](std::uint8_t number) {
    return address_group::of_v4(std::array<std::uint8_t, 4>{192, 0, 2, number});
  };
  frame_memory memory(10 * frame_reader::buffer_bytes, 2 * frame_reader::buffer_bytes);
  const auto waits_after = [](frame_reader& reader, byte_view bytes) {
    feed(reader, bytes);
    CHECK(reader.try_next().value() == event{frame_reader::more{}});
    return reader.release();
  };
  const byte_buffer longer = stream_of({extended{1, byte_buffer(40'000, 1)}});
  const byte_view most = byte_view{longer}.first(30'000);
  std::vector<std::unique_ptr<frame_reader>> crowd;
  for (int i = 0; i < 3; ++i) crowd.push_back(std::make_unique<frame_reader>(&memory, origin(1)));
  CHECK(waits_after(*crowd[0], most));
  CHECK(waits_after(*crowd[1], most));
  CHECK_FALSE(waits_after(*crowd[2], most));
  crowd.pop_back();
  frame_reader other(&memory, origin(2));
  CHECK(waits_after(other, most));
  // And nothing from neighbours that say what honest peers say.
  frame_reader neighbour(&memory, origin(1));
  const byte_buffer usual = stream_of({extended{1, byte_buffer(19'000, 1)}});
  CHECK(waits_after(neighbour, byte_view{usual}.first(18'000)));
  feed(neighbour, byte_view{usual}.subspan(18'000));
  CHECK(neighbour.try_next().value() == event{extended{1, byte_buffer(19'000, 1)}});
  // Who goes on takes nothing any more.
  feed(*crowd[0], byte_view{longer}.subspan(30'000));
  CHECK(crowd[0]->try_next().value() == event{extended{1, byte_buffer(40'000, 1)}});
  frame_reader next(&memory, origin(1));
  CHECK(waits_after(next, most));
}

}  // namespace
}  // namespace shoal::wire
