// Decides for one download: which source to ask for what, when to give up on a source, what is verified.
//
// Composes chunk_queue, steal, request_window, request_list and verification. It is the driver's only door to them. The
// driver does three things:
// 1. It reports what happened with on_*(…, now).
// 2. It then asks each next_*() until the answer is nothing.
// 3. It calls on_deadline(now) at next_deadline().
//
// No I/O, no clock, no log; randomness only from the seed. The product (peer/share/download), the tests and the
// simulator use it. DESIGN: "The life of one chunk".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
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

/// A source may reject a request though it does not choke. It is asked again after this pause, which doubles with each
/// further reject, up to reject_pause_max. So the source is neither forgotten nor asked in a circle. A source that
/// tells what is taken may decline without a pause: as many requests as it told pieces, and no more than there are
/// pieces.
inline constexpr duration reject_pause_min = std::chrono::milliseconds(250);
inline constexpr duration reject_pause_max = std::chrono::seconds(8);
/// How often a source that has nothing to do is looked at again: others may have become late.
inline constexpr duration idle_check_interval = std::chrono::milliseconds(25);
/// A source that found nothing to take from others looks again after this, unless it holds something new. Looking is
/// what costs most where a hundred sources tell of a piece each every few milliseconds.
inline constexpr duration theft_interval = std::chrono::milliseconds(20);
/// A stalled source is asked for one block this often. It may have lost its requests, and be well again.
inline constexpr duration probe_interval = std::chrono::seconds(5);
/// The part of the file that may come twice so that the end comes sooner, and the least number of bytes for it.
inline constexpr double duplicate_share_max = 0.018;
inline constexpr std::uint64_t duplicate_bytes_min = 64 * KiB;
/// So many pieces may be urgent at once. Each next_request() looks at them.
inline constexpr std::size_t urgent_pieces_max = 64;
/// A source may be idle for so long while nothing arrives. If it could bring something then, that is a fault of the
/// program.
inline constexpr duration neglect_max = std::chrono::seconds(2);

class transfer {
 public:
  /// `info` has its layers. `verified`: pieces that are on disk already (piece_count bits).
  transfer(metainfo_ptr info, bitmap verified, std::uint64_t seed);
  ~transfer();

  // What happened.

  /// Adds a source that chokes us and holds nothing yet. `request_bytes_max`: the largest request that it serves, a
  /// multiple of block_bytes. `requests_max`: the requests that it queues (BEP 10 reqq). `round_trip`: to the source
  /// and back, zero if unknown.
  source_id on_source(std::uint32_t request_bytes_max, std::uint32_t requests_max, duration round_trip, time_point now);
  /// What this source holds is asked of no other, as long as it can be asked: it uses nobody's link. One at a time; to
  /// be called before it is told what the source holds.
  void on_preferred(source_id source);
  /// Pieces of one ring have the same bytes. While one is on its way, the others are asked of nobody (best effort). To
  /// be called at most once.
  void on_twins(piece_rings rings);
  /// So many peers take part, as far as is known. Where they are many, a far source gets little credit before it
  /// delivers: others want it, too.
  void on_swarm(std::size_t peers);
  /// The source is gone. What it did not deliver is queued again at once.
  void on_source_gone(source_id source, time_point now);
  /// A piece out of range is ignored.
  void on_have(source_id source, piece_index piece, time_point now);
  /// `pieces` has piece_count bits; replaces what was known (BEP 3 bitfield, BEP 6 have all/none).
  void on_bitmap(source_id source, const bitmap& pieces, time_point now);
  /// A source that holds everything says that another peer is about to have the piece, or will not have it after all
  /// (first_copies.hpp). Pieces that are not taken are asked for first. A piece out of range is ignored.
  void on_taken(source_id source, piece_index piece);
  void on_returned(source_id source, piece_index piece);
  /// BEP 6 (`fast`): each request in flight stays until it is answered or rejected. Otherwise all of them are lost.
  void on_choke(source_id source, bool fast, time_point now);
  void on_unchoke(source_id source, time_point now);
  void on_reject(source_id source, const byte_range& request, time_point now);

  /// The header of a `piece` message came. False if the source was never asked for it, or has answered it already. The
  /// driver then ends the session (BEP 52). Requests given up by deadline, theft or cancel may still be answered, and
  /// return true.
  [[nodiscard]] bool on_piece_begin(source_id source, const byte_range& range, time_point now);
  /// `bytes` more payload came. They count for the rate and the stall deadline.
  void on_bytes(source_id source, std::uint32_t bytes, time_point now);
  /// Whole blocks of the current `piece` message are in memory. `range` is block-aligned and has at most 64 blocks. If
  /// bit i of the result is set, block i of `range` is wanted: the driver must write it, and report it with on_stored
  /// or on_store_failed. It must not write other blocks: their place may hold verified data.
  [[nodiscard]] block_mask on_blocks(source_id source, const byte_range& range, time_point now);
  /// The payload of the request is complete and its blocks were reported. The request left the window.
  void on_piece_end(source_id source, const byte_range& range, time_point now);

  enum class check { partial, verified, failed };
  /// Consecutive blocks of one piece were written. `leaves` are their digests, from block `first_block` on. Returns
  /// `verified` once per piece. After `failed`, ask next_ban() and next_leaf_query().
  check on_stored(source_id source, piece_index piece, std::uint32_t first_block, std::span<const digest> leaves,
                  time_point now);
  /// The write failed, and the blocks are wanted again. If the disk is the cause, the driver pauses the download.
  void on_store_failed(piece_index piece, std::uint32_t first_block, std::uint32_t blocks, time_point now);
  /// The answer to next_leaf_query(): all leaves of the piece, proven against its root. Blocks that differ are thrown
  /// away, and their senders are banned. Good blocks are kept.
  void on_leaves(piece_index piece, std::span<const digest> leaves, time_point now);
  /// The source sent a part of the leaves, proven. It is asked for more.
  void on_leaves_part(piece_index piece, source_id source, time_point now);
  /// The source does not have the leaves or does not tell them (BEP 52 hash reject).
  void on_leaves_refused(piece_index piece, source_id source, time_point now);
  /// The source was asked for the leaves of the piece, and they are not known yet.
  bool leaves_asked(piece_index piece, source_id source) const;

  /// The driver reads from no source for now, because its buffers wait for the disk. Deadlines stand still and rates do
  /// not suffer until on_reading_resumed(). May be repeated.
  void on_reading_paused(time_point now);
  void on_reading_resumed(time_point now);

  /// A limit keeps the driver from reading from the source, of which something may be here: its deadlines stand still
  /// until on_source_resumed. The pause counts in its rate, which is what can be had from it. Neither is repeated.
  void on_source_paused(source_id source, time_point now);
  void on_source_resumed(source_id source, time_point now);
  /// All sources together bring no more bytes per second than this from now on; 0: no limit. Bounds what is expected of
  /// a source of which nothing is known, and what it is asked for first.
  void on_limit(std::uint64_t bytes_per_second);

  /// Somebody waits for these pieces, in this order, or will soon: they are fetched first. Ends what the last call
  /// said. Pieces that are verified or out of range are ignored, and those beyond urgent_pieces_max.
  void on_urgent(std::vector<piece_index> pieces);

  void on_deadline(time_point now);

  // What to do.

  /// The next request to send to the source, or nothing for now. Call it again:
  /// - for a source, after every event that concerns it;
  /// - for each source that next_affected() names;
  /// - for all sources, if work_freed() is true.
  std::optional<byte_range> next_request(source_id source, time_point now);
  /// The missing pieces that have the bytes of this piece, which was verified; each is named once. They may be asked of
  /// everybody from now on. So before it asks next_request(), the driver tells that the preferred source holds them.
  std::vector<piece_index> take_twins(piece_index piece);
  /// take_twins() may name more pieces.
  bool has_twins() const;
  /// The next request to this source that a BEP 3 cancel withdraws.
  std::optional<byte_range> next_cancel(source_id source);
  /// A source that lied. The driver disconnects it and does not let it come back. It is a source until
  /// on_source_gone(), and may be gone already when its lie is found. Each liar is named once.
  std::optional<source_id> next_ban();
  /// The piece that showed that the source lied; nothing if it did not.
  std::optional<piece_index> lied_about(source_id source) const;
  /// A source to ask for the leaf hashes of a failed piece (piece_leaves_request), to find the liar. If it does not
  /// answer, others are asked. Then the whole piece is fetched again, from one source at a time.
  struct leaf_query {
    source_id source;
    piece_index piece;
    bool operator==(const leaf_query&) const = default;
  };
  std::optional<leaf_query> next_leaf_query(time_point now);
  /// A source with something to cancel, because of what came from another source. So it has room for more requests.
  std::optional<source_id> next_affected();
  /// A source was idle though it could bring something that nobody else does. That is a fault of this class. transfer
  /// mends it: it lets all sources look for work again. The driver logs it as an error.
  struct fault {
    source_id source;
    chunk_index chunk;
  };
  std::optional<fault> next_fault();
  /// True once after events that may give work to any source.
  bool work_freed();
  time_point next_deadline() const;
  /// When sources without work are looked at again. A part of next_deadline(); each next_request() that finds nothing
  /// may bring it nearer.
  time_point next_idle_check() const;

  // State.

  /// The source holds something that this download lacks (BEP 3 interested).
  bool interesting(source_id source) const;
  const bitmap& verified() const;
  std::uint64_t verified_bytes() const;
  bool complete() const;

  struct source_stats {
    std::uint64_t bytes_received = 0;  ///< payload, duplicates included
    double rate = 0;                   ///< bytes per second, smoothed over about a second
    std::uint64_t bytes_in_flight = 0;
    bool stalled = false;  ///< missed its deadline, and has sent nothing since
    bool choked = true;
    bool rejecting = false;  ///< rejected its last request, though it does not choke
    std::uint32_t pieces_held = 0;
  };
  source_stats stats(source_id source) const;
  source_activity activity(source_id source) const;
  explanation explain() const;
  /// Missing pieces that no source holds, nor is about to have (piece_count bits).
  bitmap held_by_nobody() const;
  struct totals {
    std::uint64_t chunks_stolen = 0;    ///< taken from another source's lane or out of its hands
    std::uint64_t chunks_requeued = 0;  ///< given back because a source died, stalled, choked or rejected
    std::uint64_t bytes_duplicate = 0;  ///< received and thrown away because another source was first
    std::uint64_t bytes_failed = 0;     ///< received and thrown away because a hash did not match
  };
  const totals& total() const;

  /// A piece that was begun and is not verified.
  struct begun_piece {
    piece_index piece;
    std::uint32_t missing = 0;  ///< blocks that have not arrived
    std::uint32_t asked = 0;    ///< of these, blocks that some source was asked for
    bool one_source = false;    ///< it is fetched from one source at a time, because a copy of it was wrong
  };
  std::vector<begun_piece> begun() const;

  // Proof against errors of this class (transfer_audit.cpp).

  /// Looks whether each missing chunk is queued, asked of a source that owes it with a deadline, or being stored. What
  /// is not is queued again, and named in a line for the log. Cheap enough for once a second. `stored`: nothing that
  /// on_blocks() wanted is still being stored.
  std::vector<std::string> audit(bool stored, time_point now);

  void check_invariants() const;

 private:
  friend class transfer_damage;  // breaks one, to test audit()

  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace shoal
