#include "policy/room_wait.hpp"

#include <algorithm>

namespace shoal {

void room_wait::on_full(time_point now) {
  if (waiting_) return;
  waiting_ = true;
  pause_ = std::clamp(2 * pause_, room_look_interval, room_try_interval_max);
  try_at_ = now + pause_;
  // What is lacking is to be said at once.
  next_look_ = now;
  lacking_ = 0;
}

void room_wait::on_room(std::uint64_t needed, std::optional<std::uint64_t> free, time_point now) {
  if (!waiting_) return;
  lacking_ = free && *free < needed ? needed - *free : 0;
  if (lacking_ == 0 && now >= try_at_) {
    waiting_ = false;
    return;
  }
  next_look_ = now + room_look_interval;
  if (lacking_ == 0) next_look_ = std::min(next_look_, try_at_);
}

}  // namespace shoal
