#include "policy/leaf_inquiry.hpp"

#include <algorithm>

namespace shoal {

void leaf_inquiry::on_failed(piece_index piece) {
  open_[piece] = {};
  unasked_.push_back(piece);
}

void leaf_inquiry::on_asked(piece_index piece, source_id source, time_point now) {
  question& open = open_[piece];
  open.asked.push_back(source);
  open.deadline = now + leaf_answer_max;
}

void leaf_inquiry::on_part(piece_index piece, source_id source, time_point now) {
  const auto found = open_.find(piece);
  if (found == open_.end()) return;
  std::erase(found->second.asked, source);
  on_asked(piece, source, now);
}

leaf_inquiry::question* leaf_inquiry::waits_for(piece_index piece, source_id source) {
  const auto found = open_.find(piece);
  if (found == open_.end() || found->second.asked.empty() || found->second.asked.back() != source) return nullptr;
  return &found->second;
}

void leaf_inquiry::ask_next(piece_index piece, question& open) {
  // Once, however many reasons there are.
  if (open.deadline == never) return;
  open.deadline = never;
  unasked_.push_back(piece);
}

void leaf_inquiry::on_refused(piece_index piece, source_id source) {
  if (question* open = waits_for(piece, source)) ask_next(piece, *open);
}

void leaf_inquiry::on_source_gone(source_id source) {
  for (auto& [piece, open] : open_) {
    if (waits_for(piece, source) != nullptr) ask_next(piece, open);
  }
}

void leaf_inquiry::on_deadline(time_point now) {
  for (auto& [piece, open] : open_) {
    if (open.deadline <= now) ask_next(piece, open);
  }
}

time_point leaf_inquiry::next_deadline() const {
  time_point next = never;
  for (const auto& [piece, open] : open_) next = std::min(next, open.deadline);
  return next;
}

std::optional<piece_index> leaf_inquiry::next_piece() {
  while (!unasked_.empty()) {
    const piece_index piece = unasked_.front();
    unasked_.pop_front();
    if (open_.contains(piece)) return piece;
  }
  return std::nullopt;
}

bool leaf_inquiry::may_ask(piece_index piece, source_id source) const {
  const auto found = open_.find(piece);
  return found != open_.end() && found->second.asked.size() < leaf_sources_max && !asked(piece, source);
}

bool leaf_inquiry::asked(piece_index piece, source_id source) const {
  const auto found = open_.find(piece);
  return found != open_.end() && std::ranges::find(found->second.asked, source) != found->second.asked.end();
}

}  // namespace shoal
