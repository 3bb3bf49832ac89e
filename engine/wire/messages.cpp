#include "wire/messages.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "wire/message_decoder.hpp"

namespace shoal::wire {

namespace {

constexpr std::string_view protocol_name = "BitTorrent protocol";
constexpr std::size_t reserved_at = 1 + protocol_name.size();
constexpr std::size_t share_at = reserved_at + 8;
constexpr std::size_t peer_at = share_at + truncated_id::size;
static_assert(peer_at + peer_id::size == handshake_bytes);

// Bytes of the reserved field that carry the flags, and the flags.
constexpr std::size_t extension_byte = reserved_at + 5;
constexpr std::uint8_t extension_flag = 0x10;
constexpr std::size_t fast_byte = reserved_at + 7;
constexpr std::uint8_t fast_flag = 0x04;
constexpr std::size_t v2_byte = reserved_at + 7;
constexpr std::uint8_t v2_flag = 0x10;

/// Appends length prefix and id and makes room for the rest, which it returns.
std::uint8_t* begin_frame(byte_buffer& out, message_id id, std::size_t frame_bytes) {
  const std::size_t start = out.size();
  out.resize(start + 4 + frame_bytes);
  std::uint8_t* to = out.data() + start;
  store_be32(to, static_cast<std::uint32_t>(frame_bytes));
  to[4] = static_cast<std::uint8_t>(id);
  return to + 5;
}

void put_bare(byte_buffer& out, message_id id) {
  begin_frame(out, id, 1);
}

void put_index(byte_buffer& out, message_id id, piece_index piece) {
  store_be32(begin_frame(out, id, index_frame_bytes), piece.value());
}

void put_range(byte_buffer& out, message_id id, const byte_range& range) {
  std::uint8_t* to = begin_frame(out, id, range_frame_bytes);
  store_be32(to, range.piece.value());
  store_be32(to + 4, range.begin);
  store_be32(to + 8, range.bytes);
}

void put_hash_range(byte_buffer& out, message_id id, const hash_range& range, std::span<const digest> values) {
  const std::size_t bytes = hash_range_frame_bytes + values.size() * digest::size;
  std::uint8_t* to = std::copy(range.root.bytes.begin(), range.root.bytes.end(), begin_frame(out, id, bytes));
  for (const std::uint32_t field : {range.base_height, range.index, range.count, range.proof_layers}) {
    store_be32(to, field);
    to += 4;
  }
  for (const digest& value : values) to = std::copy(value.bytes.begin(), value.bytes.end(), to);
}

struct encoder {
  byte_buffer& out;

  void operator()(const keep_alive&) const { out.resize(out.size() + 4); }
  void operator()(const choke&) const { put_bare(out, message_id::choke); }
  void operator()(const unchoke&) const { put_bare(out, message_id::unchoke); }
  void operator()(const interested&) const { put_bare(out, message_id::interested); }
  void operator()(const not_interested&) const { put_bare(out, message_id::not_interested); }
  void operator()(const have& m) const { put_index(out, message_id::have, m.piece); }
  void operator()(const bitfield& m) const {
    std::copy(m.bits.begin(), m.bits.end(), begin_frame(out, message_id::bitfield, 1 + m.bits.size()));
  }
  void operator()(const request& m) const { put_range(out, message_id::request, m.range); }
  void operator()(const cancel& m) const { put_range(out, message_id::cancel, m.range); }
  void operator()(const have_all&) const { put_bare(out, message_id::have_all); }
  void operator()(const have_none&) const { put_bare(out, message_id::have_none); }
  void operator()(const suggest& m) const { put_index(out, message_id::suggest, m.piece); }
  void operator()(const reject& m) const { put_range(out, message_id::reject, m.range); }
  void operator()(const allowed_fast& m) const { put_index(out, message_id::allowed_fast, m.piece); }
  void operator()(const extended& m) const {
    std::uint8_t* to = begin_frame(out, message_id::extended, 2 + m.payload.size());
    *to = m.id;
    std::copy(m.payload.begin(), m.payload.end(), to + 1);
  }
  void operator()(const hash_request& m) const { put_hash_range(out, message_id::hash_request, m.range, {}); }
  void operator()(const hashes& m) const { put_hash_range(out, message_id::hashes, m.range, m.values); }
  void operator()(const hash_reject& m) const { put_hash_range(out, message_id::hash_reject, m.range, {}); }
  void operator()(const unknown&) const {}
};

}  // namespace

truncated_id truncate(const share_id& id) {
  truncated_id out;
  std::copy_n(id.bytes.begin(), truncated_id::size, out.bytes.begin());
  return out;
}

byte_buffer encode(const handshake& message) {
  byte_buffer out(handshake_bytes);
  out[0] = handshake_first_byte;
  std::memcpy(out.data() + 1, protocol_name.data(), protocol_name.size());
  if (message.extension_protocol) out[extension_byte] |= extension_flag;
  if (message.fast) out[fast_byte] |= fast_flag;
  if (message.v2) out[v2_byte] |= v2_flag;
  std::memcpy(out.data() + share_at, message.share.bytes.data(), truncated_id::size);
  std::memcpy(out.data() + peer_at, message.peer.bytes.data(), peer_id::size);
  return out;
}

result<handshake> decode_handshake(byte_view bytes) {
  if (bytes.size() != handshake_bytes || bytes[0] != handshake_first_byte ||
      as_text(bytes.subspan(1, protocol_name.size())) != protocol_name) {
    return error{errc::protocol, "connection does not begin with a BitTorrent handshake"};
  }
  handshake out;
  std::memcpy(out.share.bytes.data(), bytes.data() + share_at, truncated_id::size);
  std::memcpy(out.peer.bytes.data(), bytes.data() + peer_at, peer_id::size);
  out.extension_protocol = (bytes[extension_byte] & extension_flag) != 0;
  out.fast = (bytes[fast_byte] & fast_flag) != 0;
  out.v2 = (bytes[v2_byte] & v2_flag) != 0;
  return out;
}

void encode(const message& what, byte_buffer& out) {
  std::visit(encoder{out}, what);
}

void encode_piece_header(const byte_range& range, byte_buffer& out) {
  const std::size_t start = out.size();
  out.resize(start + 13);
  std::uint8_t* to = out.data() + start;
  store_be32(to, 9 + range.bytes);
  to[4] = static_cast<std::uint8_t>(message_id::piece);
  store_be32(to + 5, range.piece.value());
  store_be32(to + 9, range.begin);
}

result<message> decode(byte_view frame) {
  return decode_as<result<message>>(frame);
}

}  // namespace shoal::wire
