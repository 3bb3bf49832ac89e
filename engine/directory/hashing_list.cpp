#include "directory/hashing_list.hpp"

namespace shoal {

void hashing_list::plan(time_point when) {
  const auto rows = static_cast<int>(told_.size());
  const time_point earliest = told_at_ == time_point::min() ? told_at_ : told_at_ + rows * interval_per_row;
  due_ = std::min(due_, std::max(when, earliest));
}

hashing_list::key hashing_list::on_begin(std::string name, time_point now) {
  entries_.emplace(next_, entry{{std::move(name), 0, 0}, now});
  plan(now + told_after);
  return next_++;
}

void hashing_list::on_found(key which, std::string name, std::uint64_t bytes, time_point now) {
  tracking::hashing_row& row = entries_.at(which).row;
  row.name = std::move(name);
  row.bytes = std::min(bytes, tracking::share_bytes_max);
  plan(now);
}

void hashing_list::on_progress(key which, std::uint64_t done, time_point now) {
  tracking::hashing_row& row = entries_.at(which).row;
  row.done = std::min(done, row.bytes);
  plan(told_at_ == time_point::min() ? now : std::max(now, told_at_ + hashed_interval));
}

void hashing_list::on_end(key which, time_point now) {
  entries_.erase(which);
  plan(now);
}

std::vector<tracking::hashing_row> hashing_list::rows(time_point now) const {
  std::vector<tracking::hashing_row> rows;
  for (const auto& [key, one] : entries_) {
    if (rows.size() >= tracking::hashing_rows_max) break;
    if (is_told(one, now)) rows.push_back(one.row);
  }
  return rows;
}

std::size_t hashing_list::count(time_point now) const {
  std::size_t young = 0;
  for (auto at = entries_.rbegin(); at != entries_.rend() && !is_told(at->second, now); ++at) ++young;
  return entries_.size() - young;
}

std::optional<std::vector<tracking::hashing_row>> hashing_list::next_rows(time_point now) {
  if (now < due_) return std::nullopt;
  due_ = never;
  // A name that is too young was planned when it began. This time may be earlier.
  for (auto at = entries_.rbegin(); at != entries_.rend() && !is_told(at->second, now); ++at) {
    due_ = at->second.begun + told_after;
  }
  auto current = rows(now);
  if (current == told_) return std::nullopt;
  told_ = current;
  told_at_ = now;
  if (due_ != never) plan(due_);
  return current;
}

}  // namespace shoal
