// Every message between two peers, as values and as bytes: BEP 3, 6, 10, 52.
//
// Encoding never fails; decoding accepts any bytes and answers a message or errc::protocol. Payload of `piece` is not
// part of these values: it is read and written in place (frame_reader.hpp). Pure.
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

struct keep_alive {};
struct choke {};
struct unchoke {};
struct interested {};
struct not_interested {};
struct have { piece_index piece; };
struct bitfield { byte_buffer bits; };  ///< not yet checked against a size: core/bitmap.hpp from_bytes
struct request { byte_range range; };
struct cancel { byte_range range; };
struct have_all {};                     ///< BEP 6
struct have_none {};                    ///< BEP 6
struct suggest { piece_index piece; };  ///< BEP 6
struct reject { byte_range range; };    ///< BEP 6
struct allowed_fast { piece_index piece; };  ///< BEP 6
/// BEP 10 message; `id` 0 is the extension handshake (extension.hpp reads and writes the payload).
struct extended { std::uint8_t id = 0; byte_buffer payload; };
struct hash_request { hash_range range; };  ///< BEP 52
struct hashes { hash_range range; std::vector<digest> values; };
struct hash_reject { hash_range range; };
/// An id that we do not know: ignored by the session.
struct unknown { std::uint8_t id = 0; };

using message = std::variant<keep_alive, choke, unchoke, interested, not_interested, have, bitfield, request, cancel,
                             have_all, have_none, suggest, reject, allowed_fast, extended, hash_request, hashes,
                             hash_reject, unknown>;

/// Appends the whole frame, length prefix included. Nothing is appended for `unknown`.
void encode(const message& what, byte_buffer& out);
/// Appends the 13 bytes before the payload of a `piece` message: length prefix, id, index, begin.
void encode_piece_header(const byte_range& range, byte_buffer& out);

/// `frame` is one message without its length prefix: empty for keep_alive, never a `piece`.
result<message> decode(byte_view frame);

}  // namespace shoal::wire
