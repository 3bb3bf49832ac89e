// Finding out who lied: the leaf hashes of a failed piece, asked of whoever has them (BEP 52 hash request).

#include <algorithm>
#include <bit>

#include "peer/download.hpp"
#include "peer/session.hpp"
#include "peer/share.hpp"

namespace shoal {

namespace {

// Then the next one is asked, too; an answer of the first still counts.
constexpr duration leaf_query_deadline = std::chrono::seconds(1);
// Sources asked for the leaves of one piece before it is fetched again blindly.
constexpr std::size_t leaf_queries_max = 4;

}  // namespace

hash_range download::next_leaves(piece_index piece, const leaf_query& query) const {
  const geometry& shape = share_.info()->shape();
  const file_index file = shape.piece_file(piece);
  const std::uint32_t piece_blocks = shape.piece_bytes() / block_bytes;
  const std::uint32_t piece_in_file = piece.value() - shape.file_first_piece(file).value();
  const auto file_blocks = static_cast<std::uint32_t>((shape.file_size(file) + block_bytes - 1) / block_bytes);
  const auto first = piece_in_file * piece_blocks + static_cast<std::uint32_t>(query.leaves.size());
  return piece_leaves_request(share_.info()->files()[file.value()].root, first, piece_blocks, file_blocks);
}

void download::ask_leaves(piece_index piece) {
  const auto now = clock::now();
  leaf_query& query = leaf_queries_[piece];
  if (query.leaf_count == 0) {
    const geometry& shape = share_.info()->shape();
    query.leaf_count = shape.piece_blocks(piece);
    query.layer_width = std::bit_ceil(
        static_cast<std::uint32_t>((shape.file_size(shape.piece_file(piece)) + block_bytes - 1) / block_bytes));
  }
  for (const auto& [source, one] : attached_) {
    const bool asked = std::find(query.asked.begin(), query.asked.end(), source) != query.asked.end();
    if (asked || one->closed() || query.asked.size() >= leaf_queries_max) continue;
    if (one->holds().size() <= piece.value() || !one->holds().test(piece.value())) continue;
    query.range = next_leaves(piece, query);
    query.asked.push_back(source);
    query.deadline = now + leaf_query_deadline;
    one->send(wire::hash_request{query.range});
    return;
  }
  leaf_queries_.erase(piece);
  transfer_->on_leaves_unavailable(piece, now);
}

bool download::take_leaves(session& from, const hash_range& range, std::span<const digest> hashes) {
  const auto at = std::find_if(leaf_queries_.begin(), leaf_queries_.end(), [&](const auto& row) {
    const auto& asked = row.second.asked;
    return row.second.range == range && std::find(asked.begin(), asked.end(), *from.source) != asked.end();
  });
  if (at == leaf_queries_.end()) return false;
  const piece_index piece = at->first;
  leaf_query& query = at->second;
  if (!merkle_verify(range, hashes, query.layer_width)) {
    // Who is asked now, if it is another, may still answer.
    const bool asked_last = query.asked.back() == *from.source;
    share_.ban(from);
    if (asked_last) ask_leaves(piece);
    return true;
  }
  const auto missing = query.leaf_count - query.leaves.size();
  const auto got = hashes.first(std::min<std::size_t>(missing, range.count));
  query.leaves.insert(query.leaves.end(), got.begin(), got.end());
  if (query.leaves.size() < query.leaf_count) {
    // Large pieces have more leaves than one request may ask for. Whoever answers is the one that is waited for.
    std::erase(query.asked, *from.source);
    query.asked.push_back(*from.source);
    query.range = next_leaves(piece, query);
    query.deadline = clock::now() + leaf_query_deadline;
    from.send(wire::hash_request{query.range});
    return true;
  }
  const std::vector<digest> leaves = std::move(query.leaves);
  leaf_queries_.erase(at);
  transfer_->on_leaves(piece, leaves, clock::now());
  return true;
}

void download::leaves_refused(session& from, const hash_range& range) {
  for (auto& [piece, query] : leaf_queries_) {
    // Only who was asked may refuse: else who lied could have the question withdrawn.
    if (query.range != range || query.asked.empty() || query.asked.back() != *from.source) continue;
    const piece_index which = piece;
    ask_leaves(which);
    return;
  }
}

void download::leaves_lost(source_id source) {
  std::vector<piece_index> lost;
  for (const auto& [piece, query] : leaf_queries_) {
    if (!query.asked.empty() && query.asked.back() == source) lost.push_back(piece);
  }
  for (const piece_index piece : lost) ask_leaves(piece);
}

void download::give_up_leaves(time_point now) {
  std::vector<piece_index> late;
  for (const auto& [piece, query] : leaf_queries_) {
    if (query.deadline <= now) late.push_back(piece);
  }
  for (const piece_index piece : late) ask_leaves(piece);
  if (!late.empty()) follow_decisions();
}

}  // namespace shoal
