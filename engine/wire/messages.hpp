// Every message between two peers, as values and as bytes: BEP 3, 6, 10, 52.
//
// Encoding never fails. Decoding accepts any bytes and answers a message or errc::protocol. The payload of `piece` is
// not part of these values: it is read and written in place (frame_reader.hpp). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "content/geometry.hpp"
#include "content/merkle.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"

namespace shoal::wire {

/// BEP 3 handshake: 68 bytes.
inline constexpr std::size_t handshake_bytes = 68;
/// The first byte of every BitTorrent connection.
inline constexpr std::uint8_t handshake_first_byte = 0x13;

/// The 20 bytes of a share id that a handshake carries (BEP 52, infohash).
using truncated_id = opaque_id<struct truncated_tag, 20>;
truncated_id truncate(const share_id& id);

struct handshake {
  truncated_id share;
  peer_id peer;
  bool extension_protocol = true;  ///< BEP 10, reserved bit 20 from the right
  bool fast = true;                ///< BEP 6
  bool v2 = true;                  ///< BEP 52 upgrade bit
  friend bool operator==(const handshake&, const handshake&) = default;
};

byte_buffer encode(const handshake& message);
/// `bytes` has handshake_bytes bytes. errc::protocol unless it is a BitTorrent handshake.
result<handshake> decode_handshake(byte_view bytes);

/// Uncle hashes that can follow the hashes of one answer. A tree of 64-bit file sizes is less high than this (BEP 52).
inline constexpr std::uint32_t hash_proofs_max = 64;

struct keep_alive {
  friend bool operator==(const keep_alive&, const keep_alive&) = default;
};
struct choke {
  friend bool operator==(const choke&, const choke&) = default;
};
struct unchoke {
  friend bool operator==(const unchoke&, const unchoke&) = default;
};
struct interested {
  friend bool operator==(const interested&, const interested&) = default;
};
struct not_interested {
  friend bool operator==(const not_interested&, const not_interested&) = default;
};
struct have {
  piece_index piece;
  friend bool operator==(const have&, const have&) = default;
};
/// Not yet checked against a size: core/bitmap.hpp from_bytes.
struct bitfield {
  byte_buffer bits;
  friend bool operator==(const bitfield&, const bitfield&) = default;
};
/// `range.bytes` is at most request_bytes_max (extension.hpp), here and in `cancel` and `reject`. The rest of the range
/// is not checked: geometry::valid does that.
struct request {
  byte_range range;
  friend bool operator==(const request&, const request&) = default;
};
struct cancel {
  byte_range range;
  friend bool operator==(const cancel&, const cancel&) = default;
};
/// BEP 6, like the next four.
struct have_all {
  friend bool operator==(const have_all&, const have_all&) = default;
};
struct have_none {
  friend bool operator==(const have_none&, const have_none&) = default;
};
struct suggest {
  piece_index piece;
  friend bool operator==(const suggest&, const suggest&) = default;
};
struct reject {
  byte_range range;
  friend bool operator==(const reject&, const reject&) = default;
};
struct allowed_fast {
  piece_index piece;
  friend bool operator==(const allowed_fast&, const allowed_fast&) = default;
};
/// BEP 10 message; `id` 0 is the extension handshake (extension.hpp reads and writes the payload).
struct extended {
  std::uint8_t id = 0;
  byte_buffer payload;
  friend bool operator==(const extended&, const extended&) = default;
};
/// BEP 52, like the next two. The range is not checked: merkle_answer and merkle_verify are safe for any range.
struct hash_request {
  hash_range range;
  friend bool operator==(const hash_request&, const hash_request&) = default;
};
/// At most hashes_per_request_max + hash_proofs_max values, not checked against the range.
struct hashes {
  hash_range range;
  std::vector<digest> values;
  friend bool operator==(const hashes&, const hashes&) = default;
};
struct hash_reject {
  hash_range range;
  friend bool operator==(const hash_reject&, const hash_reject&) = default;
};
/// A message with an unknown id. The session ignores it.
struct unknown {
  std::uint8_t id = 0;
  friend bool operator==(const unknown&, const unknown&) = default;
};

using message =
    std::variant<keep_alive, choke, unchoke, interested, not_interested, have, bitfield, request, cancel, have_all,
                 have_none, suggest, reject, allowed_fast, extended, hash_request, hashes, hash_reject, unknown>;

/// Appends the whole frame, length prefix included. Nothing is appended for `unknown`.
void encode(const message& what, byte_buffer& out);
/// Appends the 13 bytes before the payload of a `piece` message: length prefix, id, index, begin.
void encode_piece_header(const byte_range& range, byte_buffer& out);

/// `frame` is one message without its length prefix: empty for keep_alive, never a `piece`.
result<message> decode(byte_view frame);

}  // namespace shoal::wire
