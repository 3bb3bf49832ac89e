#include "policy/upload_places.hpp"

#include <algorithm>

namespace shoal {

void upload_places::on_seeding() {
  seeding_ = true;
  count_ = upload_places_usual;
}

void upload_places::on_served(std::uint64_t bytes, bool others_wait, time_point now) {
  look_for_room(bytes, now);
  served_ += bytes;
  others_wait_ = others_wait_ && others_wait;
  const duration lasted = now - began_;
  if (lasted < upload_rate_period) return;
  const double rate = static_cast<double>(served_) / std::chrono::duration<double>(lasted).count();
  if (!seeding_) {
    const double least = static_cast<double>(count_) * upload_places_fall;
    const auto wanted = static_cast<std::size_t>(std::max(rate / upload_place_rate, least));
    count_ = std::clamp(wanted, upload_places_min, upload_places_usual);
  } else if (!others_wait_) {
    rest();
  } else if (rate < upload_climb_rate) {
    count_ = std::max(count_ / 2, upload_places_usual);
    rest();
  } else {
    climb(rate);
  }
  began_ = now;
  served_ = 0;
  others_wait_ = true;
}

void upload_places::look_for_room(std::uint64_t bytes, time_point now) {
  if (now >= room_at()) {
    // The rate of an uplink that had nothing to do says nothing.
    long_began_ = now;
    served_long_ = 0;
  }
  served_long_ += bytes;
  served_at_ = now;
  const duration lasted = now - long_began_;
  if (lasted < upload_room_period) return;
  const double rate = static_cast<double>(served_long_) / std::chrono::duration<double>(lasted).count();
  rate_best_ = std::max(rate, rate_best_ * upload_best_decay);
  if (rate < rate_best_ * upload_room_rate) room_until_ = now + upload_room_duration;
  long_began_ = now;
  served_long_ = 0;
}

void upload_places::rest() {
  trying_ = trial::none;
  periods_left_ = upload_rest_min;
  rest_next_ = upload_rest_min;
}

void upload_places::climb(double rate) {
  if (--periods_left_ > 0) return;
  const bool more = trying_ == trial::more;
  if (trying_ != trial::none && rate < rate_before_ * (more ? upload_more_gain : upload_fewer_loss)) {
    count_ = more ? count_ / 2 : count_ * 2;
    trying_ = trial::none;
    next_ = more ? trial::fewer : trial::more;
    periods_left_ = rest_next_;
    rest_next_ = std::min(2 * rest_next_, upload_rest_max);
    return;
  }
  if (trying_ != trial::none) rest_next_ = upload_rest_min;
  // A trial that was worth it is repeated, until there is no room for it.
  trial what = trying_ == trial::none ? next_ : trying_;
  if (count_ == upload_places_usual) what = trial::more;
  if (count_ == upload_places_max) what = trial::fewer;
  count_ = what == trial::more ? count_ * 2 : count_ / 2;
  trying_ = what;
  rate_before_ = rate;
  periods_left_ = upload_trial_periods;
}

}  // namespace shoal
