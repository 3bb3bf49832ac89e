// What each message of a peer costs, in nanoseconds of the network thread: the prices of message_budget.
//
// A price is about what the message takes on one core of 2020, rounded up. Free are payload that was asked for,
// requests of whole blocks that are served, the first handshakes and the bitfield: honest peers send little else. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "policy/message_budget.hpp"

namespace shoal::prices {

/// To read and to cut any message, to look at it and to pass over it: keep-alives, unknown ids, proposals of BEP 6.
inline constexpr work_price any = 300;
/// To wake up and read little, if no payload, no request and no news of a piece was in it.
inline constexpr work_price read = 10'000;
inline constexpr std::size_t read_free_bytes = 512;
/// A small segment (stream::small_segments()) while payload is received: the thread wakes up.
inline constexpr work_price segment = 6'000;
/// So many a look are free: the last ones of what is asked for may be small.
inline constexpr std::int64_t segments_free = 3;
/// A small record of TLS.
inline constexpr work_price record = 1'500;
/// To let the kernel drop small segments, and to end that.
inline constexpr work_price filter = 15'000;
/// A choke, unchoke, interested or not interested: a turn may begin or end.
inline constexpr work_price turn = 8'000;
/// A have that is news. A peer says it once for each piece.
inline constexpr work_price fresh_have = 150;
/// A have that says nothing new.
inline constexpr work_price stale_have = 500;
/// A request or cancel that is refused, or a refusal of theirs: an answer, or a look at what is queued.
inline constexpr work_price refusal = 5'000;
/// A request of less than a block, beyond one for each piece: a worker opens the file and a message is sent, and hardly
/// any payload pays for that.
inline constexpr work_price short_request = 25'000;
/// One entry of a list that is searched or read.
inline constexpr work_price entry = 40;
/// One byte of a bencoded message: values of two bytes make the most work.
inline constexpr work_price bencoded_byte = 40;
/// A question for a part of metadata or attributes: 16 KiB are copied and sent.
inline constexpr work_price metadata_part = 10'000;
/// What answers such a question, or one for hashes: 16 KiB are copied.
inline constexpr work_price answer_part = 4'000;
/// A handshake of BEP 10 that says something new, beside its bytes.
inline constexpr work_price handshake = 20'000;
/// To check a signature.
inline constexpr work_price signature = 120'000;
/// Extension handshakes and bitfields without a price: what a peer says at the beginning, and once more when it has
/// learnt of the metadata and of the attributes.
inline constexpr std::uint32_t handshakes_free = 3;
/// A request for hashes of a piece layer: 512 digests are copied, and up to 512 nodes hashed.
inline constexpr work_price layer_hashes = 60'000;
/// A question for hashes that is refused.
inline constexpr work_price hash_refusal = 12'000;
/// To read and hash leaves, for each KiB: 0.7 ms a MiB.
inline constexpr work_price hashed_kib = 700;

/// The leaves of a piece of so many bytes, if they are not known from the last question.
constexpr work_price leaves_of(std::uint32_t piece_bytes) {
  return layer_hashes + hashed_kib * static_cast<work_price>(piece_bytes / 1024);
}

}  // namespace shoal::prices
