// What a peer and the tracker say to each other over the WebSocket at /live: JSON text, one object a message.
//
// Each object has a member "type" with the name of the struct below. Other members have the names of its fields. Ids
// are lower-case hexadecimal. Unknown members are ignored; unknown types are errc::protocol. Members that say who, what
// or how much are required. The others default to what the struct says.
//
// Decoding accepts any bytes and enforces every limit here. So what it returns needs no further check: text is UTF-8
// without control characters, a name is neither empty nor a path, and nobody holds more of a share than it has. Only
// signatures are still unchecked (content/signed_publication).
// Encoding never fails and checks nothing. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "content/publication.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/swarm_key.hpp"

namespace shoal::tracking {

/// A message from a peer: `publish` of shares_per_message_max rows.
inline constexpr std::size_t peer_message_bytes_max = 1 * MiB;
/// A message from the tracker: a snapshot of a large swarm.
inline constexpr std::size_t tracker_message_bytes_max = 256 * MiB;
/// Rows of a swarm that one message or one peer's catalogue holds. A tracker lists no more, and a peer takes no more.
inline constexpr std::size_t peers_max = 100'000;
inline constexpr std::size_t shares_max = 300'000;
/// What a tracker lists takes no more when it is encoded (encoded_bytes_max), so a snapshot always fits a message.
inline constexpr std::size_t catalogue_bytes_max = 160 * MiB;
inline constexpr std::size_t shares_per_message_max = 1000;
/// Hashing rows of one peer that are listed. The others follow as these end.
inline constexpr std::size_t hashing_rows_max = 1000;
/// Rows of one `peers_page`, and what they take when they are encoded; one row always fits.
inline constexpr std::size_t peers_per_page_max = 500;
inline constexpr std::size_t page_bytes_max = 512 * KiB;
/// Holders that one `unreached` names.
inline constexpr std::size_t unreached_peers_max = 8;
inline constexpr std::size_t name_bytes_max = 255;
inline constexpr std::size_t version_bytes_max = 64;
inline constexpr std::size_t address_bytes_max = 64;
inline constexpr std::size_t text_bytes_max = 1024;
/// Further trackers that a `welcome` names.
inline constexpr std::size_t trackers_max = 8;
inline constexpr std::size_t tracker_bytes_max = 262;  ///< "HOST:PORT"
/// More than any torrent that we accept has (content/geometry.hpp). Sums over 16,000 holders still fit 64 bits.
inline constexpr std::uint64_t share_bytes_max = std::uint64_t{1} << 49;

// From a peer.

/// A secret of one peer for one tracker: random, for the life of the process. All zero: none.
using join_token = opaque_id<struct join_token_tag, 16>;

/// First message of a session: who I am. `port` listens for other peers; 0: nobody can connect to me. `advertise` is an
/// address to publish instead of the observed one, of the same family. Empty: the observed one.
struct join {
  peer_id peer;
  std::string name;  ///< host name, for people
  std::uint16_t port = 0;
  std::string version;
  std::string advertise;
  /// Shows in a later session that it is the same peer again. Nobody but the tracker is told.
  join_token token{};
  friend bool operator==(const join&, const join&) = default;
};
struct share_offer {
  share_id id;
  std::string name;
  std::uint64_t bytes = 0;
  std::uint32_t files = 0;
  std::uint64_t have = 0;  ///< verified bytes that the sender holds; with `bytes` of them it is a seeder
  shoal::publication publication{};
  friend bool operator==(const share_offer&, const share_offer&) = default;
};
struct publish {
  std::vector<share_offer> shares;
  friend bool operator==(const publish&, const publish&) = default;
};
struct withdraw {
  std::vector<share_id> ids;
  friend bool operator==(const withdraw&, const withdraw&) = default;
};
struct progress {
  share_id id;
  std::uint64_t have = 0;
  friend bool operator==(const progress&, const progress&) = default;
};
/// A future share of this name. Its id is not known before it is hashed.
struct hashing_row {
  std::string name;
  std::uint64_t bytes = 0;  ///< 0 until the files are counted
  std::uint64_t done = 0;   ///< bytes hashed so far, at most `bytes`
  friend bool operator==(const hashing_row&, const hashing_row&) = default;
};
/// All that the sender hashes now. Replaces what it said before.
struct hashing {
  std::vector<hashing_row> shares;
  friend bool operator==(const hashing&, const hashing&) = default;
};
/// Tell me who holds this share, now and when it changes. The share need not be known.
struct watch {
  share_id id;
  friend bool operator==(const watch&, const watch&) = default;
};
struct unwatch {
  share_id id;
  friend bool operator==(const unwatch&, const unwatch&) = default;
};
/// I watch this share and lack sources. I could not connect to these holders. Have them connect to me, and have holders
/// connect to me that nobody can reach.
struct unreached {
  share_id id;
  std::vector<peer_id> peers;
  friend bool operator==(const unreached&, const unreached&) = default;
};
/// My `delta.seq` has a gap: send a snapshot.
struct resync {
  friend bool operator==(const resync&, const resync&) = default;
};
/// Send rows of peers, in the order of their ids: those behind this one. All zero: the first ones.
struct list_peers {
  peer_id after{};
  friend bool operator==(const list_peers&, const list_peers&) = default;
};
struct leave {
  friend bool operator==(const leave&, const leave&) = default;
};
/// First message of a session that is no peer and only looks: a page in a browser. It is told what peers are told, may
/// watch shares, and is in no row. Said again, it shows that the page lives: a browser cannot send pings.
struct look {
  friend bool operator==(const look&, const look&) = default;
};

using peer_message = std::variant<join, publish, withdraw, progress, hashing, watch, unwatch, unreached, resync,
                                  list_peers, leave, look>;

// From the tracker.

/// Another tracker of the same swarm.
struct tracker_row {
  std::string where;  ///< "HOST:PORT"
  friend bool operator==(const tracker_row&, const tracker_row&) = default;
};
struct welcome {
  std::string address;                  ///< where the tracker sees the peer: "192.0.2.1" or "2001:db8::1"
  bool reachable = false;               ///< the dial-back to address:port worked; false for a session that only looks
  std::uint32_t heartbeat_ms = 0;       ///< the peer sends a frame at least so often; three missed ones end the session
  std::vector<tracker_row> trackers{};  ///< a peer holds a session with each of these, too
  friend bool operator==(const welcome&, const welcome&) = default;
};
struct peer_row {
  peer_id peer;
  std::string name;
  std::string address;
  std::uint16_t port = 0;
  std::string version;
  bool reachable = false;
  std::vector<hashing_row> hashing{};  ///< as the peer said last
  key_id key{};  ///< of the private swarm, as the peer has proven to the tracker; all zero in an open swarm
  friend bool operator==(const peer_row&, const peer_row&) = default;
};
/// A share of the catalogue: what it is and who holds it, in numbers.
struct share_row {
  share_id id;
  std::string name;
  std::uint64_t bytes = 0;
  std::uint32_t files = 0;
  std::uint32_t seeders = 0;
  std::uint32_t leechers = 0;
  std::uint64_t held = 0;  ///< verified bytes over all holders; held / bytes is the availability
  shoal::publication publication{};
  friend bool operator==(const share_row&, const share_row&) = default;
};
struct holders_row {
  share_id id;
  std::uint32_t seeders = 0;
  std::uint32_t leechers = 0;
  std::uint64_t held = 0;
  friend bool operator==(const holders_row&, const holders_row&) = default;
};
/// Everything, as of `seq`. In a large swarm peers that hash nothing have no rows here, and are counted.
struct snapshot {
  std::uint64_t seq = 0;
  std::vector<peer_row> peers;
  std::vector<share_row> shares;
  std::uint32_t unlisted = 0;  ///< peers that have no row here
  friend bool operator==(const snapshot&, const snapshot&) = default;
};
/// What changed between seq - 1 and seq. If some peers are unlisted from now on, and none were before, the rows of all
/// peers are void but for those that this brings. If none is unlisted any more, it brings the rows of all.
struct delta {
  std::uint64_t seq = 0;
  std::vector<peer_row> joined;
  std::vector<peer_id> left;
  std::vector<share_row> published;   ///< new shares, and known ones that were published anew
  std::vector<share_id> withdrawn;    ///< shares that nobody holds any more
  std::vector<holders_row> progress;  ///< known shares whose numbers changed
  std::uint32_t unlisted = 0;         ///< about so many peers have no row
  friend bool operator==(const delta&, const delta&) = default;
};
struct endpoint_row {
  peer_id peer;
  std::string address;
  std::uint16_t port = 0;
  bool seeder = false;  ///< holds everything, as of when the row was sent; a change of this alone sends no row
  friend bool operator==(const endpoint_row&, const endpoint_row&) = default;
};
/// To the watchers of one share: its holders that a peer can connect to. `joined` of the first one is complete.
struct swarm {
  share_id id;
  std::vector<endpoint_row> joined;
  std::vector<peer_id> left;
  friend bool operator==(const swarm&, const swarm&) = default;
};
/// To a holder of the share. This peer wants the share and cannot connect to the holder, so the holder may connect to
/// it. The tracker itself has a session with the peer, and has connected to this address.
struct wanted {
  share_id id;
  peer_id peer;
  std::string address;
  std::uint16_t port = 0;
  friend bool operator==(const wanted&, const wanted&) = default;
};
/// Rows of peers, in the order of their ids: the answer to `list_peers`.
struct peers_page {
  peer_id after{};  ///< as it was asked
  std::vector<peer_row> peers;
  bool last = false;  ///< no peers come behind these
  friend bool operator==(const peers_page&, const peers_page&) = default;
};
/// The peer did something wrong. The session then ends, unless `code` is "limit".
struct failure {
  std::string code;  ///< name_of(errc)
  std::string text;
  friend bool operator==(const failure&, const failure&) = default;
};

using tracker_message = std::variant<welcome, snapshot, delta, swarm, wanted, peers_page, failure>;

/// What the row takes in a message, at most.
std::size_t encoded_bytes_max(const peer_row& row);
std::size_t encoded_bytes_max(const share_row& row);

std::string encode(const peer_message& message);
std::string encode(const tracker_message& message);
/// Takes the next part of a text. The view is valid during the call.
using text_parts = std::function<void(std::string_view)>;
/// The text of a long message in parts, so that it need not be in memory as a whole. Returns the last part; it is the
/// whole text of a message that is not long.
std::string encode(const tracker_message& message, const text_parts& parts);
result<peer_message> decode_peer_message(std::string_view text);
result<tracker_message> decode_tracker_message(std::string_view text);

/// Decodes a message while it comes, so that its text need not be there as a whole. The lists of a message come behind
/// its type.
class tracker_message_decoder {
 public:
  tracker_message_decoder();
  ~tracker_message_decoder();

  /// The next piece. Not called again after an error.
  result<void> write(std::string_view piece);
  /// The text is complete. Called once.
  result<tracker_message> finish();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace shoal::tracking
