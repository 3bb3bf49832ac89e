// The work-stealing queue of fixed-size chunks over sources: the books of who fetches what.
//
// Every chunk of a piece that is not verified is in exactly one state:
//   queued     it has blocks that nobody was asked for, and is in no lane;
//   waiting    it has such blocks and is in one source's lane;
//   in flight  every missing block was asked of one source, or of several;
//   arrived    no block is missing; the piece is being stored or verified.
//
// 1. A source takes chunks into its lane (next_chunk).
// 2. The source is asked for the blocks of the first chunk (next_range).
// 3. What the source does not deliver comes back (on_released, on_source_gone): nothing is ever forgotten. Blocks that
//    arrived stay, whoever brought them.
//
// This class keeps the books only. The decisions are plain functions over these books, in files of their own.
// chunk_choice.hpp says which chunk is next. steal.hpp says what to take from whom. A new policy goes there.
//
// Pure, no clock; owned by transfer. A chunk of a piece that is not begun costs nothing. No source costs anything when
// a piece begins, runs out of queued chunks or is verified. DESIGN: "The life of one chunk".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "content/equal_pieces.hpp"
#include "content/geometry.hpp"
#include "core/bitmap.hpp"
#include "core/ids.hpp"
#include "policy/availability.hpp"

namespace shoal {

/// Blocks of one chunk, bit i for block i.
using block_mask = std::uint64_t;

/// Chunks that wait in a lane beyond those asked for. A chunk is chosen when it is about to be asked for, because what
/// is rare, or taken by another peer, changes all the time.
inline constexpr std::uint32_t lane_waiting_max = 1;

/// `count` blocks from `first` on. `first` + `count` <= 64.
constexpr block_mask blocks_from(std::uint32_t first, std::uint32_t count) {
  return count == 0 ? 0 : ~block_mask{0} >> (64 - count) << first;
}

/// Missing blocks of a chunk that one source was asked for.
struct chunk_claim {
  source_id source;
  block_mask blocks = 0;
};

/// The books of one chunk of a piece that was begun.
struct chunk_record {
  block_mask blocks = 0;            ///< all blocks of the chunk
  block_mask arrived = 0;           ///< not to be asked for again
  std::vector<chunk_claim> claims;  ///< at most one per source, none empty
  std::optional<source_id> lane;    ///< the source in whose lane it waits

  block_mask missing() const { return blocks & ~arrived; }
  block_mask claimed() const;
  block_mask claimed_by(source_id source) const;
  /// Missing blocks that nobody was asked for.
  block_mask open() const { return missing() & ~claimed(); }
  bool queued() const { return open() != 0 && !lane; }
};

/// The books of one piece that was begun and is not verified.
struct piece_record {
  std::vector<chunk_record> chunks;
  std::uint32_t queued_chunks = 0;
  std::uint32_t missing_blocks = 0;
  /// The piece is fetched from one source at a time, so that a failure names the liar. No other source gets chunks of
  /// it.
  bool exclusive = false;
  std::optional<source_id> owner;   ///< the source in whose hands an exclusive piece is now
  std::vector<source_id> suspects;  ///< get an exclusive piece only if there are no other sources
};

class chunk_queue {
 public:
  /// `shape` outlives the queue. Pieces in `verified` are never given out.
  chunk_queue(const geometry& shape, const bitmap& verified, std::uint64_t seed);
  ~chunk_queue();

  // Sources. Every source given to another method is present.

  /// A new source that holds nothing and cannot be asked yet.
  void on_source(source_id source);
  /// Gives back all chunks of the source, and returns their number.
  std::uint32_t on_source_gone(source_id source);
  /// Whether the source can be asked at present. Exclusive pieces wait for sources that can be asked.
  void on_able(source_id source, bool able);
  /// `piece` is in range.
  void on_have(source_id source, piece_index piece);
  /// Takes the last on_have() of the piece back. Its claims stay.
  void on_have_gone(source_id source, piece_index piece);
  /// Replaces what the source holds. `pieces` has piece_count bits.
  void on_bitmap(source_id source, const bitmap& pieces);
  /// Some peer is about to have the piece, which counts as if one more source held it. That ends when the first peer
  /// that does not hold everything says that it has the piece.
  void on_promised(piece_index piece);
  void on_promise_broken(piece_index piece);

  // Equal pieces (chunk_queue_twins.cpp).

  /// Pieces of one ring have the same bytes. While one of them is on its way, those that are not begun are held back:
  /// no source is given them. They are free again when one is verified, or when the one on its way gets stuck.
  void on_twins(piece_rings rings);
  /// The missing pieces with the bytes of this verified piece. Its ring is dissolved: none of them holds back others.
  std::vector<piece_index> take_twins(piece_index piece);
  bool held_back(piece_index piece) const { return held_back_.size() != 0 && held_back_.test(piece.value()); }
  /// Some pieces are in a ring that is not dissolved.
  bool has_twins() const { return twins_ > 0; }

  // What is wanted first.

  /// These pieces are given out before all others, in this order. Ends what the last call said. All are in range.
  void on_urgent(std::vector<piece_index> pieces) { urgent_ = std::move(pieces); }
  const std::vector<piece_index>& urgent() const { return urgent_; }

  // The life of a chunk.

  /// Moves the best queued chunk (chunk_choice.hpp) to the back of the source's lane. Nothing if the source holds none.
  std::optional<chunk_index> next_chunk(source_id source);
  /// Claims the next open blocks of the source's lane for the source, and returns them. They are consecutive and of one
  /// chunk, at least one block and at most `bytes_max`. Nothing if the lane is empty.
  std::optional<byte_range> next_range(source_id source, std::uint32_t bytes_max);

  /// The source delivered these blocks, asked for or not. Returns those that were missing, which count as arrived.
  /// Claims of other sources on them end, and are added to `void_claims`.
  block_mask on_arrived(source_id source, chunk_index chunk, block_mask blocks, std::vector<chunk_claim>& void_claims);
  /// The source will not deliver these blocks. Its claim on them ends.
  void on_released(source_id source, chunk_index chunk, block_mask blocks);
  /// Like on_released, when the source itself declined. If nothing of the piece arrived and nothing is asked for, the
  /// piece counts as never begun. So it waits for its turn by rarity.
  void on_declined(source_id source, chunk_index chunk, block_mask blocks);
  /// Queues everything in the source's lane again, and returns the number of chunks.
  std::uint32_t on_lane_released(source_id source);
  /// Like on_lane_released, and all claims of the source end.
  std::uint32_t on_all_released(source_id source);
  /// Blocks that had arrived are wanted again: they were not written, or are not what they should be. Blocks are
  /// counted within the piece.
  void on_lost(piece_index piece, std::span<const std::uint32_t> blocks);
  /// The whole piece arrived and is right. It is never given out again.
  void on_verified(piece_index piece);
  /// From now on the piece goes to one source at a time. It goes to `suspects` only if no other able source holds it.
  void on_exclusive(piece_index piece, std::vector<source_id> suspects);

  // Theft, as steal.hpp decided.

  /// A chunk that waits in `victim`'s lane goes to `thief`'s.
  void on_stolen_waiting(source_id thief, source_id victim, chunk_index chunk);
  /// `thief` is asked for these missing blocks, too.
  void on_asked_too(source_id thief, chunk_index chunk, block_mask blocks);
  /// `thief` alone is asked for these missing blocks. Claims of others on them end and are added to `void_claims`.
  void on_taken_over(source_id thief, chunk_index chunk, block_mask blocks, std::vector<chunk_claim>& void_claims);
  /// The owner of an exclusive piece takes too long. Its claims on the piece end, and are added to `void_claims`, chunk
  /// by chunk. Another source may own the piece now.
  void on_owner_late(piece_index piece, std::vector<std::pair<chunk_index, block_mask>>& void_claims);

  // The books.

  const geometry& shape() const { return shape_; }
  const availability& rarity() const { return availability_; }
  bool verified(piece_index piece) const { return verified_.test(piece.value()); }
  /// Null unless the piece was begun and is not verified.
  const piece_record* begun(piece_index piece) const;
  /// The chunk's piece must be begun.
  const chunk_record& record(chunk_index chunk) const;
  piece_index piece_of(chunk_index chunk) const { return piece_index{chunk.value() / shape_.chunks_per_piece()}; }
  std::uint32_t bytes_of(chunk_index chunk, block_mask blocks) const;
  /// The bytes of `count` blocks of a chunk from `first` on.
  byte_range range_of(chunk_index chunk, std::uint32_t first, std::uint32_t count) const;

  const bitmap& held(source_id source) const { return at(source).held; }
  /// Begun pieces with a queued chunk.
  const bitmap& open_pieces() const { return open_; }
  /// Whether the source may take a queued chunk of the piece. The piece must be begun.
  bool may_take(source_id source, piece_index piece) const;
  const std::vector<chunk_index>& lane(source_id source) const { return at(source).lane; }
  /// Chunks of which the source was asked for missing blocks.
  const std::vector<chunk_index>& claimed(source_id source) const { return at(source).claimed; }
  /// Open blocks of the chunks in the lane.
  std::uint64_t lane_bytes(source_id source) const { return at(source).lane_bytes; }
  /// Whether the source holds a piece that we lack.
  bool interesting(source_id source) const { return !at(source).held.within(verified_); }
  /// True if no chunk is queued: every chunk that is not verified is waiting, in flight or arrived.
  bool all_given_out() const { return availability_.wanted_count() == 0 && open_.none(); }
  /// Bytes that have not arrived, without those of pieces that are held back.
  std::uint64_t missing_bytes() const { return missing_bytes_ - held_back_bytes_; }
  /// Pieces that are fetched from one source at a time.
  const std::vector<piece_index>& exclusive_pieces() const { return exclusive_; }

  void check_invariants() const;

 private:
  struct source_record {
    bitmap held;
    std::vector<chunk_index> lane;
    std::uint64_t lane_bytes = 0;
    std::vector<chunk_index> claimed;  ///< chunks with a claim of this source
    bool able = false;
  };

  source_record& at(source_id source);
  const source_record& at(source_id source) const;
  piece_record& piece_at(piece_index piece);
  chunk_record& chunk_at(chunk_index chunk);
  void begin(piece_index piece);
  void unbegin_if_untouched(piece_index piece);
  void claim(source_id source, chunk_index chunk, block_mask blocks);
  block_mask unclaim(source_id source, chunk_index chunk, block_mask blocks);
  void put_in_lane(source_id source, chunk_index chunk);
  /// Another source may own the exclusive pieces of which this source has nothing left to do.
  void disown(source_id source);
  void hold_twins_back(piece_index piece);
  void let_twins_go(piece_index piece);
  /// Does that for all begun pieces of which a chunk is queued: perhaps no source is left for it.
  void let_twins_of_open_go();
  void let_go(piece_index piece);
  template <class Change>
  void change(chunk_index chunk, Change&& how);

  const geometry& shape_;
  availability availability_;  ///< wants the pieces that are neither begun, verified nor held back
  bitmap verified_;
  bitmap open_;
  bitmap promised_;  ///< counted once in availability_, on top of the sources that hold it
  std::unordered_map<piece_index, piece_record> begun_;
  std::vector<piece_index> exclusive_;
  std::vector<piece_index> urgent_;
  std::uint64_t missing_bytes_ = 0;
  piece_rings rings_;        ///< empty without equal pieces
  std::uint32_t twins_ = 0;  ///< pieces in rings of several
  bitmap held_back_;         ///< of the size of rings_
  std::uint64_t held_back_bytes_ = 0;
  std::vector<std::optional<source_record>> sources_;  ///< by id; empty if the source is gone
  std::vector<source_id> present_;
};

}  // namespace shoal
