// One download as a decision maker: from which source to ask for what, when to give up on one, what is
// verified.
//
// Composes chunk_queue, steal, request_window, request_list and verification; the driver's only door. The
// driver reports what happened with on_*(…, now), then asks next_*() until it says nothing, and calls
// on_deadline(now) at next_deadline(). No I/O, no clock, no log; randomness only from the seed. Used by
// peer/share/download in the product and by tests and simulation. DESIGN: "The life of one chunk".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "content/geometry.hpp"
#include "content/metainfo.hpp"
#include "core/bitmap.hpp"
#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "policy/chunk_queue.hpp"
#include "policy/explanation.hpp"
#include "policy/request_window.hpp"

namespace shoal {

/// A source that rejects a request though it does not choke is asked again after this, twice as long each
/// time that it goes on so, up to reject_pause_max: neither forgotten nor asked in a circle. One that tells what is
/// taken may decline as many requests as it told pieces, in all no more than there are, without being left alone for
/// it.
inline constexpr duration reject_pause_min = std::chrono::milliseconds(250);
inline constexpr duration reject_pause_max = std::chrono::seconds(8);
/// While a source has nothing to do it is looked at again this often: others may have become late.
inline constexpr duration idle_check_interval = std::chrono::milliseconds(25);
/// Having found nothing to take from others, a source looks again after this, unless it holds something new: looking is
/// what costs most where a hundred sources tell of a piece each every few milliseconds.
inline constexpr duration theft_interval = std::chrono::milliseconds(20);
/// A stalled source is asked for one block this often: it may have lost what it was asked for, and be well again.
inline constexpr duration probe_interval = std::chrono::seconds(5);
/// Part of the file that may come twice so that the end comes sooner, and the least of it.
inline constexpr double duplicate_share_max = 0.018;
inline constexpr std::uint64_t duplicate_bytes_min = 64 * KiB;
/// A source may be idle for so long while nothing arrives. If it could bring something then, that is a fault of ours.
inline constexpr duration neglect_max = std::chrono::seconds(2);

class transfer {
 public:
  /// `info` has its layers. `verified`: pieces that are on disk already (piece_count bits).
  transfer(metainfo_ptr info, bitmap verified, std::uint64_t seed);
  ~transfer();

  // What happened.

  /// A new source, choking us and holding nothing yet. `request_bytes_max`: largest request it serves, a
  /// multiple of block_bytes. `requests_max`: requests it queues (BEP 10 reqq). `round_trip`: to the source and back,
  /// zero if unknown.
  source_id on_source(std::uint32_t request_bytes_max, std::uint32_t requests_max, duration round_trip, time_point now);
  /// So many peers take part, as far as is known. Where they are many, a far source is given little credit before it
  /// delivers: others want it, too.
  void on_swarm(std::size_t peers);
  /// The source is gone: what it did not deliver is queued again at once.
  void on_source_gone(source_id source, time_point now);
  /// Out of range is ignored.
  void on_have(source_id source, piece_index piece, time_point now);
  /// `pieces` has piece_count bits; replaces what was known (BEP 3 bitfield, BEP 6 have all/none).
  void on_bitmap(source_id source, const bitmap& pieces, time_point now);
  /// A source that holds everything says that another peer is about to have the piece, or will not have it after all
  /// (first_copies.hpp): others are asked for first. Out of range is ignored.
  void on_taken(source_id source, piece_index piece);
  void on_returned(source_id source, piece_index piece);
  /// BEP 6: the requests in flight stay until each is answered or rejected, when `fast`; else they are lost.
  void on_choke(source_id source, bool fast, time_point now);
  void on_unchoke(source_id source, time_point now);
  void on_reject(source_id source, const byte_range& request, time_point now);

  /// The header of a `piece` message came. False if the source was never asked for it (or was already
  /// answered): the driver ends the session (BEP 52). Requests given up meanwhile by deadline, theft or
  /// cancel are still answered legitimately and return true.
  [[nodiscard]] bool on_piece_begin(source_id source, const byte_range& range, time_point now);
  /// `bytes` more payload came in: feeds the rate and the stall deadline.
  void on_bytes(source_id source, std::uint32_t bytes, time_point now);
  /// Whole blocks of the current `piece` message are in memory. Bit i of the result: block i of `range` (at
  /// most 64, block-aligned) is wanted and must now be written and reported with on_stored or
  /// on_store_failed; blocks that are not wanted (any more) must not be written: their place may hold
  /// verified data.
  [[nodiscard]] block_mask on_blocks(source_id source, const byte_range& range, time_point now);
  /// The payload of the request is complete and its blocks were reported: it left the window.
  void on_piece_end(source_id source, const byte_range& range, time_point now);

  enum class check { partial, verified, failed };
  /// Consecutive blocks of one piece were written; `leaves` are their digests, from block `first_block` on.
  /// `verified` once per piece; `failed`: see next_ban and next_leaf_query.
  check on_stored(source_id source, piece_index piece, std::uint32_t first_block, std::span<const digest> leaves,
                  time_point now);
  /// The write failed: the blocks are wanted again. The driver pauses the download if the disk is the cause.
  void on_store_failed(piece_index piece, std::uint32_t first_block, std::uint32_t blocks, time_point now);
  /// Answer to next_leaf_query: all leaves of the piece, proven against its root. Blocks that differ are
  /// thrown away and those who sent them are banned; good blocks are kept.
  void on_leaves(piece_index piece, std::span<const digest> leaves, time_point now);
  /// A part of them, proven; the source is asked for more.
  void on_leaves_part(piece_index piece, source_id source, time_point now);
  /// The source does not have them or does not tell (BEP 52 hash reject).
  void on_leaves_refused(piece_index piece, source_id source, time_point now);
  /// The source was asked for the leaves of the piece, which are not known yet.
  bool leaves_asked(piece_index piece, source_id source) const;

  /// The driver reads from no source for now (its buffers wait for the disk): deadlines stand still and rates
  /// do not suffer until on_reading_resumed. May be repeated.
  void on_reading_paused(time_point now);
  void on_reading_resumed(time_point now);

  void on_deadline(time_point now);

  // What to do.

  /// The next request to send to the source, or nothing for now. Call again after every event that concerns
  /// the source, for those that it affected (next_affected()), and for all after one that may have freed work
  /// (work_freed()).
  std::optional<byte_range> next_request(source_id source, time_point now);
  /// The next request of this source to withdraw with a BEP 3 cancel.
  std::optional<byte_range> next_cancel(source_id source);
  /// A source that lied and must be disconnected and not come back. It is still a source until
  /// on_source_gone; it may also be gone already when its lie is found. Each is named once.
  std::optional<source_id> next_ban();
  /// The piece by which it was found out that the source lied; nothing if it did not.
  std::optional<piece_index> lied_about(source_id source) const;
  /// A source to ask for the leaf hashes of a failed piece (piece_leaves_request), to find who lied. Without an answer
  /// others are asked; then the piece is fetched again, whole, from one source at a time.
  struct leaf_query {
    source_id source;
    piece_index piece;
    bool operator==(const leaf_query&) const = default;
  };
  std::optional<leaf_query> next_leaf_query(time_point now);
  /// A source that has something to cancel, and so room to be asked for more, because of what came from another one.
  std::optional<source_id> next_affected();
  /// A source was idle though it could bring something that nobody else does: a fault of this class, which is mended by
  /// letting all sources look for work again. The driver logs it as an error.
  struct fault {
    source_id source;
    chunk_index chunk;
  };
  std::optional<fault> next_fault();
  /// True once after events that may give work to any source.
  bool work_freed();
  time_point next_deadline() const;
  /// When sources without work are looked at again: a part of next_deadline() that may come nearer with each
  /// next_request() that finds nothing.
  time_point next_idle_check() const;

  // State.

  /// The source holds something that we want (BEP 3 interested).
  bool interesting(source_id source) const;
  const bitmap& verified() const;
  std::uint64_t verified_bytes() const;
  bool complete() const;

  struct source_stats {
    std::uint64_t bytes_received = 0;  ///< payload, duplicates included
    double rate = 0;                   ///< bytes per second, smoothed over about a second
    std::uint64_t bytes_in_flight = 0;
    bool stalled = false;  ///< missed its deadline and has sent nothing since
    bool choked = true;
    bool rejecting = false;  ///< rejected what it was asked for last, though it does not choke
    std::uint32_t pieces_held = 0;
  };
  source_stats stats(source_id source) const;
  explanation explain() const;
  struct totals {
    std::uint64_t chunks_stolen = 0;    ///< taken from another source's lane or out of its hands
    std::uint64_t chunks_requeued = 0;  ///< given back because a source died, stalled, choked or rejected
    std::uint64_t bytes_duplicate = 0;  ///< received and thrown away because another source was first
    std::uint64_t bytes_failed = 0;     ///< received and thrown away because a hash did not match
  };
  const totals& total() const;

  void check_invariants() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace shoal
