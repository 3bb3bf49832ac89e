#include "policy/task_spread.hpp"

#include <algorithm>
#include <limits>

#include "core/assert.hpp"

namespace shoal {

namespace {

constexpr std::uint32_t reversed(std::uint32_t task) {
  return std::numeric_limits<std::uint32_t>::max() - task;
}

bool asked(const task_spread::asker_list& askers, source_id source) {
  return std::ranges::any_of(askers, [&](const auto& one) { return one.source == source; });
}

}  // namespace

task_spread::order_key task_spread::key(std::uint32_t task, const asker_list& askers) {
  time_point last = time_point::min();
  for (const auto& one : askers) last = std::max(last, one.sent);
  return {last, reversed(task)};
}

const task_spread::order_key* task_spread::oldest_elsewhere(source_id source) const {
  for (const order_key& one : order_) {
    if (!asked(outstanding_.at(reversed(one.second)), source)) return &one;
  }
  return nullptr;
}

std::optional<std::uint32_t> task_spread::next(source_id source, bool duplicate, time_point now) {
  std::optional<std::uint32_t> task;
  while (next_ < size() && !untouched(next_)) ++next_;
  if (!returned_.empty()) {
    task = *returned_.begin();
  } else if (next_ < size()) {
    task = next_++;
  } else if (const order_key* const oldest = oldest_elsewhere(source)) {
    if (duplicate || oldest->first + task_late_after <= now) task = reversed(oldest->second);
  }
  if (task) ask(source, *task, now);
  return task;
}

time_point task_spread::next_time(source_id source, bool duplicate) const {
  if (!returned_.empty()) return time_point::min();
  for (std::uint32_t task = next_; task < size(); ++task) {
    if (untouched(task)) return time_point::min();
  }
  const order_key* const oldest = oldest_elsewhere(source);
  if (oldest == nullptr) return never;
  return duplicate ? time_point::min() : oldest->first + task_late_after;
}

void task_spread::ask(source_id source, std::uint32_t task, time_point now) {
  returned_.erase(task);
  asker_list& askers = outstanding_[task];
  if (!askers.empty()) order_.erase(key(task, askers));
  askers.push_back({source, now});
  order_.insert(key(task, askers));
}

void task_spread::on_given_back(source_id source, std::uint32_t task) {
  const auto at = outstanding_.find(task);
  if (at == outstanding_.end() || !asked(at->second, source)) return;
  order_.erase(key(task, at->second));
  std::erase_if(at->second, [&](const asker& one) { return one.source == source; });
  if (!at->second.empty()) {
    order_.insert(key(task, at->second));
    return;
  }
  outstanding_.erase(at);
  if (task < next_) returned_.insert(task);
}

void task_spread::on_done(std::uint32_t task) {
  if (const auto at = outstanding_.find(task); at != outstanding_.end()) {
    order_.erase(key(task, at->second));
    outstanding_.erase(at);
  }
  returned_.erase(task);
  done_.set(task);
}

void task_spread::on_undone(std::uint32_t task) {
  if (done_.reset(task) && task < next_) returned_.insert(task);
}

void task_spread::check_invariants() const {
  SHOAL_ASSERT(next_ <= size() && order_.size() == outstanding_.size());
  for (const auto task : returned_) SHOAL_ASSERT(task < next_ && untouched(task));
  for (const auto& [task, askers] : outstanding_) {
    SHOAL_ASSERT(!done_.test(task) && !askers.empty() && order_.contains(key(task, askers)));
    for (const auto& one : askers) {
      const auto same = std::ranges::count(askers, one.source, &asker::source);
      SHOAL_ASSERT(same == 1);
    }
  }
  // No task is lost: below next_ each is done, outstanding or returned.
  for (std::uint32_t task = 0; task < next_; ++task) SHOAL_ASSERT(!untouched(task) || returned_.contains(task));
}

}  // namespace shoal
