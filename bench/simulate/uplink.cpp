#include "simulate/uplink.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace shoal::simulate {

void uplink::put(end_index end, uplink_turn& of) {
  SHOAL_ASSERT(of.state == uplink_turn::condition::idle);
  of.state = uplink_turn::condition::queued;
  queued_.push_back({end, &of});
}

void uplink::take_out(end_index end, uplink_turn& of) {
  const auto is_it = [&](const place& one) { return one.end == end; };
  if (of.state == uplink_turn::condition::queued) {
    std::erase_if(queued_, is_it);
  } else if (of.state == uplink_turn::condition::active) {
    const auto at = std::find_if(active_.begin(), active_.end(), is_it);
    if (static_cast<std::size_t>(at - active_.begin()) < position_) --position_;
    active_.erase(at);
  }
  of.state = uplink_turn::condition::idle;
}

void uplink::fill_slots() {
  while (active_.size() < slots_ && !queued_.empty()) {
    const auto least = std::min_element(queued_.begin(), queued_.end(), [](const place& one, const place& other) {
      return one.of->bytes_served < other.of->bytes_served;
    });
    const place chosen = *least;
    queued_.erase(least);
    chosen.of->state = uplink_turn::condition::active;
    active_.push_back(chosen);
  }
}

std::optional<end_index> uplink::next(const std::function<bool(end_index)>& can_receive) {
  for (std::size_t tried = 0; tried < active_.size(); ++tried) {
    if (position_ >= active_.size()) position_ = 0;
    const end_index end = active_[position_].end;
    ++position_;
    if (can_receive(end)) return end;
  }
  return std::nullopt;
}

}  // namespace shoal::simulate
