// Merkle trees of BEP 52: roots, layers and proofs over SHA-256 leaves of 16 KiB.
//
// Leaves beyond the end of a file are zero digests. Nodes above them are hashed as usual. Pure functions. The callers
// that read input check sizes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"

namespace shoal {

/// Hashes one hash request may ask for (BEP 52: "SHOULD NOT be greater than 512").
inline constexpr std::uint32_t hashes_per_request_max = 512;

/// Digest of a subtree of 2^`height` leaves that all lie beyond the end of the file.
const digest& zero_subtree(std::uint32_t height);

/// Root over `nodes`, which stand at `base_height` above the leaves. zero_subtree(base_height) pads them to `width`
/// nodes (a power of two) if given, otherwise to the next power of two. At least one node.
digest merkle_root(std::span<const digest> nodes, std::uint32_t base_height = 0, std::uint32_t width = 0);

/// Hash of one piece from its leaves. If the file has several pieces, leaves are padded to `piece_blocks_full`. If it
/// has only this one, they are padded to the next power of two.
digest piece_root(std::span<const digest> leaves, std::uint32_t piece_blocks_full, bool only_piece_of_file);

/// Which hashes of a file's tree (BEP 52 `hash request`).
struct hash_range {
  digest root;                     ///< `pieces root` of the file
  std::uint32_t base_height = 0;   ///< `base layer`: 0 leaves, log2(piece blocks) the piece layer
  std::uint32_t index = 0;         ///< first hash of the layer, a multiple of `count`
  std::uint32_t count = 0;         ///< power of two, at least 2
  std::uint32_t proof_layers = 0;  ///< ancestor layers whose uncle hashes follow; the first log2(count)-1 are implied
  friend bool operator==(const hash_range&, const hash_range&) = default;
};

/// The requests that fetch the whole piece layer of a file of `pieces` > 1 pieces, proofs up to the root included.
std::vector<hash_range> piece_layer_requests(const digest& root, std::uint32_t pieces, std::uint32_t piece_blocks_full);

/// The request for the leaves of the piece that holds `first_block`, with the proof up to the root. `file_blocks` > 1.
/// A piece of more than hashes_per_request_max blocks takes several requests: the answer starts at `index`, a multiple
/// of `count`.
hash_range piece_leaves_request(const digest& root, std::uint32_t first_block, std::uint32_t piece_blocks_full,
                                std::uint32_t file_blocks);

/// True if the range is one that may be asked for, lies in a layer of `width` nodes (a power of two), and its proof
/// does not climb past the root.
bool merkle_fits(const hash_range& range, std::uint32_t width);

/// The upper part of the tree over a layer. With it an answer hashes at most hashes_per_request_max nodes, however
/// large the layer is. Without it an answer with uncles hashes the whole layer: about 0.1 us a node.
class layer_summary {
 public:
  layer_summary() = default;
  /// Hashes the whole layer once.
  layer_summary(std::span<const digest> layer, std::uint32_t layer_height);
  /// Appends the siblings on the way up from a block of hashes_per_request_max nodes of the layer.
  void append_uncles(std::vector<digest>& out, std::uint32_t block, std::uint32_t uncles) const;

 private:
  std::uint32_t height_ = 0;                 ///< of the lowest level
  std::vector<std::vector<digest>> levels_;  ///< from below; the lowest has one node for each block
};

/// Answers a request for hashes of the layer at `layer_height`, given that whole layer (unpadded). The answer is
/// `count` hashes, zero subtrees beyond the end, then the uncles. errc::malformed if the range does not fit the tree,
/// or is of more than hashes_per_request_max hashes. Answers any number of proof layers up to the root. `upper`: of the
/// layer.
result<std::vector<digest>> merkle_answer(std::span<const digest> layer, std::uint32_t layer_height,
                                          const hash_range& range, const layer_summary* upper = nullptr);

/// Answers a request for the leaves of one piece, given those leaves and the whole piece layer of its file. For a file
/// of one piece, the layer is its root alone. `upper`: of the piece layer.
result<std::vector<digest>> merkle_answer_leaves(std::span<const digest> leaves, std::uint32_t piece_in_file,
                                                 std::span<const digest> piece_layer, std::uint32_t piece_blocks_full,
                                                 std::uint32_t file_blocks, const hash_range& range,
                                                 const layer_summary* upper = nullptr);

/// True if `hashes` (base hashes, then uncles) lead to `range.root`. `layer_width` is the padded number of nodes of the
/// layer at base_height: proofs must reach the root. Safe for any input.
bool merkle_verify(const hash_range& range, std::span<const digest> hashes, std::uint32_t layer_width);

}  // namespace shoal
