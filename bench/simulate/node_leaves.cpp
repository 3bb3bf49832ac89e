// node: finding out who lied, as peer/download_leaves does it.

#include <algorithm>

#include "simulate/node.hpp"

namespace shoal::simulate {

namespace {

// As in the product.
constexpr duration leaf_query_deadline = std::chrono::seconds(1);
constexpr std::size_t leaf_queries_max = 4;

}  // namespace

void node::ask_leaves(piece_index piece) {
  leaf_query& query = leaf_queries_[piece];
  for (const end_index end : ends_) {
    const session& one = at(end);
    const bool asked = std::find(query.asked.begin(), query.asked.end(), end) != query.asked.end();
    if (asked || !one.source || query.asked.size() >= leaf_queries_max) continue;
    if (!peer_host(end).has(piece)) continue;
    query.asked.push_back(end);
    query.deadline = now() + leaf_query_deadline;
    around_.net.send(end, {message::kind::leaves_request, {piece, 0, 0}});
    return;
  }
  leaf_queries_.erase(piece);
  transfer_->on_leaves_unavailable(piece, now());
}

void node::on_leaves(session& from, piece_index piece) {
  const auto found = leaf_queries_.find(piece);
  if (!downloading() || found == leaf_queries_.end()) return;
  const auto& asked = found->second.asked;
  if (std::find(asked.begin(), asked.end(), from.end) == asked.end()) return;
  leaf_queries_.erase(found);
  transfer_->on_leaves(piece, around_.content.leaves(piece), now());
  follow_decisions();
}

void node::on_leaves_refused(session& from, piece_index piece) {
  const auto found = leaf_queries_.find(piece);
  if (!downloading() || found == leaf_queries_.end() || found->second.asked.back() != from.end) return;
  ask_leaves(piece);
  follow_decisions();
}

void node::leaves_lost(end_index end) {
  std::vector<piece_index> lost;
  for (const auto& [piece, query] : leaf_queries_) {
    if (!query.asked.empty() && query.asked.back() == end) lost.push_back(piece);
  }
  for (const piece_index piece : lost) ask_leaves(piece);
}

void node::give_up_leaves() {
  std::vector<piece_index> late;
  for (const auto& [piece, query] : leaf_queries_) {
    if (query.deadline <= now()) late.push_back(piece);
  }
  for (const piece_index piece : late) ask_leaves(piece);
  if (!late.empty()) follow_decisions();
}

}  // namespace shoal::simulate
