// The payloads of BEP 10 messages: extension handshake, ut_metadata (BEP 9), and what two nodes say to each other.
//
// Pure. Decoding accepts any bytes. Unknown keys and extensions are ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "content/metainfo.hpp"
#include "content/publication.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"

namespace shoal::wire {

/// The ids of our extensions in our handshake. The other side uses these ids towards us (BEP 10 `m`).
inline constexpr std::uint8_t ut_metadata_id = 1;
inline constexpr std::uint8_t shoal_id = 2;
/// Its messages are like those of BEP 9, for the list of file attributes (content/file_attributes.hpp).
inline constexpr std::uint8_t shoal_files_id = 3;

/// Largest request between two nodes. Foreign clients get block_bytes.
inline constexpr std::uint32_t request_bytes_max = 1024 * 1024;
/// BEP 10 `reqq`: requests of one session that wait here. Further requests are rejected (BEP 6).
inline constexpr std::uint32_t requests_queued_max = 2048;

/// BEP 10 handshake, with the keys of BEP 9 and ours.
struct extension_handshake {
  std::optional<std::uint8_t> ut_metadata;  ///< `m.ut_metadata`: the sender's id for it; absent: not supported
  std::optional<std::uint8_t> shoal;        ///< `m.shoal`: present between two nodes
  std::optional<std::uint8_t> shoal_files;  ///< `m.shoal_files`: between two nodes
  std::uint32_t attributes_bytes = 0;  ///< `shoal.files_bytes`: length of the sender's list of file attributes; 0: none
  std::uint32_t metadata_bytes = 0;    ///< `metadata_size`; 0: the sender has no metadata yet
  std::uint32_t request_bytes = 16 * 1024;  ///< `shoal.request_bytes`: largest request the sender serves, clamped to
                                            ///< block_bytes..request_bytes_max when read
  std::uint32_t requests_queued = 250;      ///< `reqq`, clamped to 1..requests_queued_max when read
  std::uint16_t listen_port = 0;            ///< `p`; 0: not said
  publication published{};                  ///< `shoal.signed`: who signed the share and when; unchecked when read
  std::string client;                       ///< `v`, at most 64 bytes of printable ASCII
  friend bool operator==(const extension_handshake&, const extension_handshake&) = default;
};

byte_buffer encode(const extension_handshake& message);
result<extension_handshake> decode_extension_handshake(byte_view payload);

/// ut_metadata message (BEP 9).
struct metadata_message {
  enum class kind : std::uint8_t { request = 0, data = 1, reject = 2 };
  kind type = kind::request;
  std::uint32_t piece = 0;
  std::uint32_t total_bytes = 0;  ///< `data` only: size of the whole info dictionary
  byte_buffer data;               ///< `data` only: at most metadata_piece_bytes
  friend bool operator==(const metadata_message&, const metadata_message&) = default;
};

byte_buffer encode(const metadata_message& message);
result<metadata_message> decode_metadata_message(byte_view payload);

/// Pieces of each kind in one pieces_hint. A node that has more to say sends several.
inline constexpr std::size_t hinted_pieces_max = 2048;

/// The message of our extension. A seeder tells its leechers hints (policy/first_copies.hpp), who sends tells which
/// limit holds it up, and either side says last words before it ends the session. A bencoded dictionary. Each list is a
/// string of 4-byte big-endian piece indexes, in the style of BEP 23. Unknown keys are ignored.
struct pieces_hint {
  std::vector<piece_index> taken;     ///< `taken`: another leecher was given these and will pass them on
  std::vector<piece_index> returned;  ///< `returned`: that leecher left before anybody had them
  std::vector<piece_index> failed{};  ///< `failed`: the receiver sent data of these that does not match their hashes
  std::string withdrawn{};  ///< `withdrawn`: why the sender no longer shares it, name_of(errc); "": it still shares it
  /// `limited`: the limit of the sender that holds this session up, bytes per second; 0: none does any more
  std::optional<std::uint64_t> limited{};
  friend bool operator==(const pieces_hint&, const pieces_hint&) = default;
};

/// At most hinted_pieces_max of each.
byte_buffer encode(const pieces_hint& message);
/// The indexes are not checked against a share.
result<pieces_hint> decode_pieces_hint(byte_view payload);

}  // namespace shoal::wire
