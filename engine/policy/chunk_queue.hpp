// The work-stealing queue of fixed-size chunks over sources: the books of who fetches what.
//
// Every chunk of a piece that is not verified is in exactly one state:
//   queued     it has blocks that nobody was asked for, and is in no lane;
//   waiting    it has such blocks and is in one source's lane;
//   in flight  every missing block was asked of one source, or of several;
//   arrived    no block is missing; the piece is being stored or verified.
// A source takes chunks into its lane (next_chunk), is asked for the blocks of the first one (next_range),
// and what it does not deliver comes back (on_released, on_source_gone): nothing is ever forgotten. Blocks
// that arrived stay, whoever brought them.
//
// Only the books are kept here. The decisions are in files of their own, as plain functions over these books:
// which chunk next in chunk_choice.hpp, what to take from whom in steal.hpp. A new policy goes there.
//
// Pure, no clock; owned by transfer. Costs: nothing per chunk of pieces that are not begun, and nothing per source when
// a piece begins, runs out of queued chunks or is verified. DESIGN: "The life of one chunk".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "content/geometry.hpp"
#include "core/bitmap.hpp"
#include "core/ids.hpp"
#include "policy/availability.hpp"

namespace shoal {

/// Blocks of one chunk, bit i for block i.
using block_mask = std::uint64_t;

/// Chunks that wait in a lane beyond those asked for. A chunk is chosen when it is about to be asked for, because what
/// is rare, or taken by somebody else, changes all the time.
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
  block_mask blocks = 0;            ///< all there are
  block_mask arrived = 0;           ///< not to be asked for again
  std::vector<chunk_claim> claims;  ///< at most one per source, none empty
  std::optional<source_id> lane;    ///< in whose lane it waits

  block_mask missing() const { return blocks & ~arrived; }
  block_mask claimed() const;
  block_mask claimed_by(source_id source) const;
  /// Missing, and nobody was asked for them.
  block_mask open() const { return missing() & ~claimed(); }
  bool queued() const { return open() != 0 && !lane; }
};

/// The books of one piece that was begun and is not verified.
struct piece_record {
  std::vector<chunk_record> chunks;
  std::uint32_t queued_chunks = 0;
  std::uint32_t missing_blocks = 0;
  /// Fetched from one source at a time, so that a failure names the liar: no other source gets chunks of it.
  bool exclusive = false;
  std::optional<source_id> owner;   ///< the source in whose hands an exclusive piece is now
  std::vector<source_id> suspects;  ///< sources that an exclusive piece goes to only if there are no others
};

class chunk_queue {
 public:
  /// `shape` outlives the queue. Pieces in `verified` are never given out.
  chunk_queue(const geometry& shape, const bitmap& verified, std::uint64_t seed);
  ~chunk_queue();

  // Sources. Every source given to another method is present.

  /// A new source that holds nothing and cannot be asked yet.
  void on_source(source_id source);
  /// Gives back all it has; the number of chunks given back.
  std::uint32_t on_source_gone(source_id source);
  /// Whether the source can be asked at present. Matters to exclusive pieces, which wait for those that can
  /// be asked.
  void on_able(source_id source, bool able);
  /// `piece` is in range.
  void on_have(source_id source, piece_index piece);
  /// Replaces what the source holds. `pieces` has piece_count bits.
  void on_bitmap(source_id source, const bitmap& pieces);
  /// Some peer is about to have the piece: until the first that does not hold everything says that it has, the piece
  /// counts as if one more source held it.
  void on_promised(piece_index piece);
  void on_promise_broken(piece_index piece);

  // The life of a chunk.

  /// Moves the best queued chunk (chunk_choice.hpp) to the back of the source's lane, or says that it holds
  /// none.
  std::optional<chunk_index> next_chunk(source_id source);
  /// Claims for the source the next open blocks of its lane and says which: consecutive, of one chunk, at
  /// most `bytes_max` and at least one block. Nothing if the lane is empty.
  std::optional<byte_range> next_range(source_id source, std::uint32_t bytes_max);

  /// The source delivered these blocks, asked for or not. Returns those that were missing; they count as
  /// arrived. Claims of other sources on them end and are added to `void_claims`.
  block_mask on_arrived(source_id source, chunk_index chunk, block_mask blocks, std::vector<chunk_claim>& void_claims);
  /// The source will not deliver these blocks: its claim on them ends.
  void on_released(source_id source, chunk_index chunk, block_mask blocks);
  /// As on_released, and the source said so itself: a piece of which nothing arrived and nothing is asked for is as if
  /// it had never begun, so that it waits for its turn by rarity.
  void on_declined(source_id source, chunk_index chunk, block_mask blocks);
  /// Everything in the source's lane is queued again; the number of chunks.
  std::uint32_t on_lane_released(source_id source);
  /// As on_lane_released, and all its claims end.
  std::uint32_t on_all_released(source_id source);
  /// Blocks that had arrived are wanted again: not written, or not what they should be. Counted within the
  /// piece.
  void on_lost(piece_index piece, std::span<const std::uint32_t> blocks);
  /// All of the piece arrived and is right. It is never given out again.
  void on_verified(piece_index piece);
  /// From now on the piece goes to one source at a time, to `suspects` only if no other able source holds it.
  void on_exclusive(piece_index piece, std::vector<source_id> suspects);

  // Theft, as steal.hpp decided.

  /// A chunk that waits in `victim`'s lane goes to `thief`'s.
  void on_stolen_waiting(source_id thief, source_id victim, chunk_index chunk);
  /// `thief` is asked for these missing blocks, too.
  void on_asked_too(source_id thief, chunk_index chunk, block_mask blocks);
  /// `thief` alone is asked for these missing blocks. Claims of others on them end and are added to `void_claims`.
  void on_taken_over(source_id thief, chunk_index chunk, block_mask blocks, std::vector<chunk_claim>& void_claims);
  /// The owner of an exclusive piece takes too long: its claims on the piece end and are added to `void_claims`, chunk
  /// by chunk, and somebody else may own it.
  void on_owner_late(piece_index piece, std::vector<std::pair<chunk_index, block_mask>>& void_claims);

  // The books.

  const geometry& shape() const { return shape_; }
  const availability& rarity() const { return availability_; }
  bool verified(piece_index piece) const { return verified_.test(piece.value()); }
  /// Null unless the piece was begun and is not verified.
  const piece_record* begun(piece_index piece) const;
  /// Of a begun piece.
  const chunk_record& record(chunk_index chunk) const;
  piece_index piece_of(chunk_index chunk) const { return piece_index{chunk.value() / shape_.chunks_per_piece()}; }
  std::uint32_t bytes_of(chunk_index chunk, block_mask blocks) const;
  /// The bytes of `count` blocks of a chunk from `first` on.
  byte_range range_of(chunk_index chunk, std::uint32_t first, std::uint32_t count) const;

  const bitmap& held(source_id source) const { return at(source).held; }
  /// Begun pieces with a queued chunk.
  const bitmap& open_pieces() const { return open_; }
  /// Whether the source may take a queued chunk of the piece, which is begun.
  bool may_take(source_id source, piece_index piece) const;
  const std::vector<chunk_index>& lane(source_id source) const { return at(source).lane; }
  /// Open blocks of the chunks in the lane.
  std::uint64_t lane_bytes(source_id source) const { return at(source).lane_bytes; }
  /// Whether the source holds a piece that we lack.
  bool interesting(source_id source) const { return !at(source).held.within(verified_); }
  /// True if no chunk is queued: what is not verified is waiting, in flight or arrived.
  bool all_given_out() const { return availability_.wanted_count() == 0 && open_.none(); }
  /// Bytes that have not arrived.
  std::uint64_t missing_bytes() const { return missing_bytes_; }
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
  /// Exclusive pieces in the hands of a source that has nothing of them left to do may go to another.
  void disown(source_id source);
  template <class Change>
  void change(chunk_index chunk, Change&& how);

  const geometry& shape_;
  availability availability_;  ///< wants the pieces that are neither begun nor verified
  bitmap verified_;
  bitmap open_;
  bitmap promised_;  ///< counted once in availability_ on top of those that hold it
  std::unordered_map<piece_index, piece_record> begun_;
  std::vector<piece_index> exclusive_;
  std::uint64_t missing_bytes_ = 0;
  std::vector<std::optional<source_record>> sources_;  ///< by id; those that are gone are empty
  std::vector<source_id> present_;
};

}  // namespace shoal
