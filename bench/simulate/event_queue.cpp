#include "simulate/event_queue.hpp"

#include <algorithm>

#include "core/assert.hpp"
#include "simulate/random.hpp"

namespace shoal::simulate {

namespace {

constexpr auto later = [](const event& one, const event& other) {
  return one.at != other.at ? one.at > other.at : one.order > other.order;
};

}  // namespace

void event_queue::put(event what) {
  SHOAL_ASSERT(what.at >= now_);
  what.order = ++orders_;
  heap_.push_back(what);
  std::push_heap(heap_.begin(), heap_.end(), later);
}

event event_queue::take() {
  SHOAL_ASSERT(!heap_.empty());
  std::pop_heap(heap_.begin(), heap_.end(), later);
  const event first = heap_.back();
  heap_.pop_back();
  now_ = first.at;
  ++taken_;
  record(first);
  return first;
}

void event_queue::record(const event& what) {
  const auto time = static_cast<std::uint64_t>(what.at.time_since_epoch().count());
  const std::uint64_t where = std::uint64_t{what.node.value()} << 32 | what.end.value();
  const std::uint64_t about = std::uint64_t{what.said.range.piece.value()} << 32 | what.said.range.begin;
  const std::uint64_t kinds = std::uint64_t{what.amount} << 16 | static_cast<std::uint64_t>(what.type) << 8 |
                              static_cast<std::uint64_t>(what.said.type);
  trace_ = mixed(trace_, time);
  trace_ = mixed(trace_, where);
  trace_ = mixed(trace_, about ^ mixed(kinds, what.said.range.bytes));
}

}  // namespace shoal::simulate
