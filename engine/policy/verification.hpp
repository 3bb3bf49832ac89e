// Which arrived pieces are right, and who lied if one is not.
//
// Keeps who sent each block of a piece that has begun to arrive, and the block's leaf digest once the block is written.
// 1. When all blocks of a piece are there, the piece's root is compared.
// 2. If the root is wrong and one source sent everything, that source lied.
// 3. Otherwise sources are asked for the leaf hashes (BEP 52 hash request), which name the liar block by block.
// 4. If no source has them, the piece is fetched again from one source at a time. The good copy then shows who lied in
//    the first one.
//
// A block that was handed over for writing is never wanted again before the write has reported. So two writes to one
// place are never under way. Pure; owned by transfer. Memory only for pieces that have begun to arrive.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "content/metainfo.hpp"
#include "core/ids.hpp"
#include "policy/chunk_queue.hpp"

namespace shoal {

class verification {
 public:
  /// `info` has its layers.
  explicit verification(metainfo_ptr info) : info_(std::move(info)) {}

  /// What an event led to.
  struct verdict {
    enum class outcome { partial, verified, failed };
    outcome result = outcome::partial;
    std::vector<std::uint32_t> lost;  ///< blocks of the piece that are wanted again
    std::vector<source_id> liars;     ///< sources of data that does not match its hash; may be gone already
    bool exclusive = false;           ///< fetch the piece again from one source at a time ...
    std::vector<source_id> suspects;  ///< ... and from others than these if possible
    std::uint64_t bytes_failed = 0;   ///< received and thrown away because a hash did not match
  };

  /// Blocks of the piece arrived from the source and are now being written. Bit i is block `first_block` + i.
  void on_blocks(source_id source, piece_index piece, std::uint32_t first_block, block_mask blocks);
  /// Blocks were written and have these leaf digests. Blocks that on_blocks() did not hand over are ignored.
  verdict on_stored(piece_index piece, std::uint32_t first_block, std::span<const digest> leaves);
  verdict on_store_failed(piece_index piece, std::uint32_t first_block, std::uint32_t blocks);
  /// All leaves of the piece, proven. Leaves beyond its blocks are padding.
  verdict on_leaves(piece_index piece, std::span<const digest> leaves);
  verdict on_leaves_unavailable(piece_index piece);
  /// The piece now comes from this source alone. What others sent is thrown away.
  verdict on_owner(piece_index piece, source_id owner);

  std::optional<piece_index> next_leaf_query();
  /// The block was handed over for writing, and is not wanted again now.
  bool arrived(piece_index piece, std::uint32_t block) const;

  /// A block that was handed over for writing, of which nothing was reported.
  struct unreported_block {
    piece_index piece;
    std::uint32_t block = 0;
  };
  std::vector<unreported_block> unreported() const;

  void check_invariants() const;

 private:
  enum class block_state : std::uint8_t {
    missing,
    writing,
    writing_void,  ///< being written, but then wanted from another source
    stored,
  };
  struct attempt {
    std::vector<digest> leaves;
    std::vector<source_id> senders;
  };
  struct record {
    std::vector<block_state> states;
    attempt present;
    std::uint32_t stored = 0;
    bool disputed = false;
    std::vector<digest> proven;  ///< the right leaves, once known
    attempt failed;              ///< an earlier copy that failed, in which nobody was named yet
  };

  record& begun(piece_index piece);
  void lose(record& about, std::uint32_t block, verdict& out) const;
  void fail(piece_index piece, record& about, verdict& out);
  bool right(piece_index piece, const record& about) const;
  std::uint32_t bytes_of(piece_index piece, std::uint32_t block) const;
  static std::vector<source_id> senders_of(const record& about);

  metainfo_ptr info_;
  std::unordered_map<piece_index, record> records_;
  std::deque<piece_index> leaf_queries_;
};

}  // namespace shoal
