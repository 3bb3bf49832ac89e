#include "policy/first_copies.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"

namespace shoal {

first_copies::first_copies(std::uint32_t piece_count) : pieces_(piece_count), nobodys_(piece_count) {}

first_copies::leecher_record& first_copies::at(leecher_id leecher) {
  const auto found = leechers_.find(leecher);
  SHOAL_ASSERT(found != leechers_.end());
  return found->second;
}

void first_copies::tell_backlog(leecher_id leecher) {
  if (backlogs_.empty() || backlogs_.back() != leecher) backlogs_.push_back(leecher);
}

void first_copies::forget_first(piece_record& record) {
  if (!record.first) return;
  const leecher_id first = *std::exchange(record.first, std::nullopt);
  --at(first).backlog;
  tell_backlog(first);
}

void first_copies::count_nobodys(bool more) {
  const bool some = nobodys_ > 0;
  nobodys_ += more ? 1 : -1u;
  if (some == (nobodys_ > 0)) return;
  for (const auto& [id, one] : leechers_) {
    if (one.backlog > 0) tell_backlog(id);
  }
}

void first_copies::add_holder(leecher_id leecher, piece_index piece) {
  piece_record& record = pieces_[piece.value()];
  if (record.first != leecher) forget_first(record);
  if (record.holders++ > 0) return;
  if (record.owner) {
    record.owner.reset();
  } else {
    count_nobodys(false);
  }
}

void first_copies::remove_holder(piece_index piece) {
  piece_record& record = pieces_[piece.value()];
  SHOAL_ASSERT(record.holders > 0);
  if (--record.holders == 0) count_nobodys(true);
}

void first_copies::on_leecher(leecher_id leecher, bool hears) {
  leechers_.emplace(leecher, leecher_record{hears, bitmap(static_cast<std::uint32_t>(pieces_.size())), {}, 0});
}

void first_copies::on_leecher_gone(leecher_id leecher) {
  const bitmap& held = at(leecher).held;
  for (auto i = held.next_set(0); i < held.size(); i = held.next_set(i + 1)) remove_holder(piece_index{i});
  for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
    if (pieces_[i].owner == leecher) return_piece(piece_index{i});
    if (pieces_[i].first == leecher) forget_first(pieces_[i]);
  }
  leechers_.erase(leecher);
  std::erase(backlogs_, leecher);
}

void first_copies::on_have(leecher_id leecher, piece_index piece) {
  if (at(leecher).held.set(piece.value())) add_holder(leecher, piece);
}

void first_copies::on_holds(leecher_id leecher, const bitmap& pieces) {
  SHOAL_ASSERT(pieces.size() == pieces_.size());
  leecher_record& record = at(leecher);
  for (std::uint32_t i = 0; i < pieces.size(); ++i) {
    if (pieces.test(i) == record.held.test(i)) continue;
    if (pieces.test(i)) {
      add_holder(leecher, piece_index{i});
    } else {
      remove_holder(piece_index{i});
    }
  }
  record.held = pieces;
}

bool first_copies::on_request(leecher_id leecher, piece_index piece) {
  leecher_record& asking = at(leecher);
  piece_record& record = pieces_[piece.value()];
  if (!asking.hears) return true;
  if (record.owner == leecher) {
    ++record.asked;
    return true;
  }
  if (record.holders == 0 && !record.owner) {
    record.owner = leecher;
    record.asked = 1;
    forget_first(record);
    record.first = leecher;
    ++asking.backlog;
    tell_backlog(leecher);
    count_nobodys(false);
    changes_.push_back({piece, true, leecher});
    return true;
  }
  if (nobodys_ == 0) return true;
  if (asking.declined.size() == 0) asking.declined = bitmap(static_cast<std::uint32_t>(pieces_.size()));
  return !asking.declined.set(piece.value());
}

void first_copies::on_refused(leecher_id leecher, piece_index piece) {
  piece_record& record = pieces_[piece.value()];
  if (record.owner == leecher && --record.asked == 0) return_piece(piece);
}

void first_copies::return_piece(piece_index piece) {
  piece_record& record = pieces_[piece.value()];
  const leecher_id owner = *std::exchange(record.owner, std::nullopt);
  forget_first(record);
  count_nobodys(true);
  changes_.push_back({piece, false, owner});
}

std::optional<first_copies::change> first_copies::next_change() {
  if (changes_.empty()) return std::nullopt;
  const change next = changes_.front();
  changes_.pop_front();
  return next;
}

std::optional<first_copies::backlog> first_copies::next_backlog() {
  if (backlogs_.empty()) return std::nullopt;
  const leecher_id leecher = backlogs_.front();
  backlogs_.pop_front();
  return backlog{leecher, nobodys_ > 0 ? at(leecher).backlog : 0};
}

std::vector<piece_index> first_copies::taken(leecher_id but) const {
  std::vector<piece_index> taken;
  for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
    if (pieces_[i].owner && *pieces_[i].owner != but) taken.push_back(piece_index{i});
  }
  return taken;
}

void first_copies::check_invariants() const {
  std::uint32_t nobodys = 0;
  for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
    const auto holders =
        std::count_if(leechers_.begin(), leechers_.end(), [i](const auto& row) { return row.second.held.test(i); });
    SHOAL_ASSERT(static_cast<std::uint32_t>(holders) == pieces_[i].holders);
    SHOAL_ASSERT(!pieces_[i].owner || (pieces_[i].owner == pieces_[i].first && pieces_[i].asked > 0));
    SHOAL_ASSERT(!pieces_[i].first || (holders <= 1 && leechers_.contains(*pieces_[i].first)));
    SHOAL_ASSERT(!pieces_[i].owner || (holders == 0 && leechers_.contains(*pieces_[i].owner)));
    if (holders == 0 && !pieces_[i].owner) ++nobodys;
  }
  SHOAL_ASSERT(nobodys == nobodys_);
  for (const auto& [id, one] : leechers_) {
    const auto backlog =
        std::count_if(pieces_.begin(), pieces_.end(), [&](const piece_record& piece) { return piece.first == id; });
    SHOAL_ASSERT(static_cast<std::uint32_t>(backlog) == one.backlog);
  }
}

}  // namespace shoal
