#include "peer/share/leaf_queries.hpp"

#include <algorithm>

#include "content/leaf_proof.hpp"

namespace shoal {

hash_range leaf_queries::next_range(piece_index piece, const query& of) const {
  const geometry& shape = info_->shape();
  const file_index file = shape.piece_file(piece);
  const std::uint32_t piece_blocks = shape.piece_bytes() / block_bytes;
  const std::uint32_t piece_in_file = piece.value() - shape.file_first_piece(file).value();
  const auto file_blocks = static_cast<std::uint32_t>(blocks_of(shape.file_size(file)));
  const auto first = piece_in_file * piece_blocks + static_cast<std::uint32_t>(of.leaves.size());
  return piece_leaves_request(info_->files()[file.value()].root, first, piece_blocks, file_blocks);
}

void leaf_queries::ask(source_id from, source* whom, piece_index piece) {
  query& asked = queries_[piece];
  asked.leaf_count = info_->shape().piece_blocks(piece);
  metadata_origin* origin = whom == nullptr ? nullptr : whom->metadata();
  if (origin == nullptr) return transfer_.on_leaves_refused(piece, from, clock::now());
  asked.range = next_range(piece, asked);
  origin->request_hashes(asked.range);
}

bool leaf_queries::on_hashes(source& from, const hash_range& range, std::span<const digest> hashes) {
  const auto at = std::ranges::find_if(queries_, [&](const auto& row) {
    return row.second.range == range && transfer_.leaves_asked(row.first, *from.number());
  });
  if (at == queries_.end()) return false;
  const piece_index piece = at->first;
  query& asked = at->second;
  if (const leaf_proof proof = check_leaves(*info_, piece, range, hashes); proof != leaf_proof::right) {
    // Another that was asked, too, may still answer.
    transfer_.on_leaves_refused(piece, *from.number(), clock::now());
    if (proof == leaf_proof::wrong) from.ban({});
    return true;
  }
  const auto missing = asked.leaf_count - asked.leaves.size();
  const auto got = hashes.first(std::min<std::size_t>(missing, range.count));
  asked.leaves.insert(asked.leaves.end(), got.begin(), got.end());
  if (asked.leaves.size() < asked.leaf_count) {
    // Large pieces have more leaves than one request may ask for. Whoever answers is the one that is waited for.
    transfer_.on_leaves_part(piece, *from.number(), clock::now());
    asked.range = next_range(piece, asked);
    from.metadata()->request_hashes(asked.range);
    return true;
  }
  const std::vector<digest> leaves = std::move(asked.leaves);
  queries_.erase(at);
  transfer_.on_leaves(piece, leaves, clock::now());
  return true;
}

void leaf_queries::on_reject(source& from, const hash_range& range) {
  for (const auto& [piece, asked] : queries_) {
    if (asked.range == range) transfer_.on_leaves_refused(piece, *from.number(), clock::now());
  }
}

}  // namespace shoal
