// Finding out who lied: the leaf hashes of a failed piece, asked of whoever has them (BEP 52 hash request).

#include <algorithm>
#include <bit>

#include "peer/share/download.hpp"
#include "peer/share/share.hpp"

namespace shoal {

hash_range download::next_leaves(piece_index piece, const leaf_query& query) const {
  const geometry& shape = share_.info()->shape();
  const file_index file = shape.piece_file(piece);
  const std::uint32_t piece_blocks = shape.piece_bytes() / block_bytes;
  const std::uint32_t piece_in_file = piece.value() - shape.file_first_piece(file).value();
  const auto file_blocks = static_cast<std::uint32_t>(blocks_of(shape.file_size(file)));
  const auto first = piece_in_file * piece_blocks + static_cast<std::uint32_t>(query.leaves.size());
  return piece_leaves_request(share_.info()->files()[file.value()].root, first, piece_blocks, file_blocks);
}

void download::ask_leaves(source_id from, piece_index piece) {
  leaf_query& query = leaf_queries_[piece];
  if (query.leaf_count == 0) {
    const geometry& shape = share_.info()->shape();
    query.leaf_count = shape.piece_blocks(piece);
    query.layer_width = std::bit_ceil(static_cast<std::uint32_t>(blocks_of(shape.file_size(shape.piece_file(piece)))));
  }
  source* one = at(from);
  metadata_origin* origin = one == nullptr ? nullptr : one->metadata();
  if (origin == nullptr) return transfer_->on_leaves_refused(piece, from, clock::now());
  query.range = next_leaves(piece, query);
  origin->request_hashes(query.range);
}

bool download::take_leaves(source& from, const hash_range& range, std::span<const digest> hashes) {
  const auto at = std::ranges::find_if(leaf_queries_, [&](const auto& row) {
    return row.second.range == range && transfer_->leaves_asked(row.first, *from.number());
  });
  if (at == leaf_queries_.end()) return false;
  const piece_index piece = at->first;
  leaf_query& query = at->second;
  if (!merkle_verify(range, hashes, query.layer_width)) {
    // Another that was asked, too, may still answer.
    transfer_->on_leaves_refused(piece, *from.number(), clock::now());
    from.ban({});
    return true;
  }
  const auto missing = query.leaf_count - query.leaves.size();
  const auto got = hashes.first(std::min<std::size_t>(missing, range.count));
  query.leaves.insert(query.leaves.end(), got.begin(), got.end());
  if (query.leaves.size() < query.leaf_count) {
    // Large pieces have more leaves than one request may ask for. Whoever answers is the one that is waited for.
    transfer_->on_leaves_part(piece, *from.number(), clock::now());
    query.range = next_leaves(piece, query);
    from.metadata()->request_hashes(query.range);
    return true;
  }
  const std::vector<digest> leaves = std::move(query.leaves);
  leaf_queries_.erase(at);
  transfer_->on_leaves(piece, leaves, clock::now());
  return true;
}

void download::leaves_refused(source& from, const hash_range& range) {
  for (const auto& [piece, query] : leaf_queries_) {
    if (query.range == range) transfer_->on_leaves_refused(piece, *from.number(), clock::now());
  }
}

}  // namespace shoal
