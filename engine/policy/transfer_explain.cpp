// transfer: what people and maintainers can see of it.

#include <algorithm>
#include <bit>

#include "policy/transfer_state.hpp"

namespace shoal {

std::string_view name_of(source_activity doing) {
  switch (doing) {
    case source_activity::silent:
      return "silent";
    case source_activity::without:
      return "without";
    case source_activity::choking:
      return "choking";
    case source_activity::rejecting:
      return "rejecting";
    case source_activity::limited:
      return "limited";
    case source_activity::delivering:
      return "delivering";
    case source_activity::idle:
      return "idle";
  }
  return "";
}

transfer::source_stats transfer::stats(source_id source) const {
  const auto& one = state_->at(source);
  source_stats stats;
  stats.bytes_received = one.bytes_received;
  stats.rate = one.window.rate() > 0 ? one.window.rate_at(state_->latest) : 0;
  stats.bytes_in_flight = one.requests.bytes();
  stats.stalled = one.stalled;
  stats.choked = one.choked;
  stats.rejecting = one.reject_pause > duration::zero();
  stats.pieces_held = state_->queue.held(source).count();
  return stats;
}

source_activity transfer::activity(source_id source) const {
  const auto& one = state_->at(source);
  if (one.stalled) return source_activity::silent;
  if (!interesting(source)) return source_activity::without;
  if (one.choked && one.requests.empty()) return source_activity::choking;
  if (one.reject_pause > duration::zero()) return source_activity::rejecting;
  if (one.paused) return source_activity::limited;
  return one.requests.empty() ? source_activity::idle : source_activity::delivering;
}

explanation transfer::explain() const {
  explanation why;
  why.bytes_missing = state_->queue.missing_bytes();
  for (const source_id id : state_->present) {
    if (state_->rests(id)) continue;
    const auto& one = state_->at(id);
    ++why.sources;
    if (one.window.rate() > 0) why.rate += one.window.rate_at(state_->latest);
    const source_activity doing = activity(id);
    why.silent += doing == source_activity::silent;
    why.without += doing == source_activity::without;
    why.choking += doing == source_activity::choking;
    why.rejecting += doing == source_activity::rejecting;
  }
  return why;
}

bitmap transfer::held_by_nobody() const {
  bitmap nobody(state_->info->shape().piece_count());
  for (std::uint32_t i = 0; i < nobody.size(); ++i) {
    if (!state_->verified.test(i) && state_->queue.rarity().count(piece_index{i}) == 0) nobody.set(i);
  }
  return nobody;
}

std::vector<transfer::begun_piece> transfer::begun() const {
  std::vector<begun_piece> found;
  for (std::uint32_t i = 0; i < state_->info->shape().piece_count(); ++i) {
    const piece_record* record = state_->queue.begun(piece_index{i});
    if (record == nullptr) continue;
    begun_piece one{.piece = piece_index{i}, .missing = record->missing_blocks, .one_source = record->exclusive};
    for (const chunk_record& chunk : record->chunks) {
      one.asked += static_cast<std::uint32_t>(std::popcount(chunk.claimed()));
    }
    found.push_back(one);
  }
  return found;
}

}  // namespace shoal
