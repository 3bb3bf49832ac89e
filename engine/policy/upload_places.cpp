#include "policy/upload_places.hpp"

#include <algorithm>

namespace shoal {

void upload_places::on_seeding() {
  seeding_ = true;
  count_ = upload_places_usual;
}

void upload_places::on_served(std::uint64_t bytes, time_point now) {
  served_ += bytes;
  const duration lasted = now - began_;
  if (lasted < upload_rate_period) return;
  const double rate = static_cast<double>(served_) / std::chrono::duration<double>(lasted).count();
  began_ = now;
  served_ = 0;
  settle(rate);
}

void upload_places::settle(double rate) {
  if (seeding_ && rate < upload_climb_rate) {
    count_ = upload_places_usual;
    trying_ = trial::none;
    rest_ = upload_rest_min;
  } else if (seeding_) {
    conclude(rate);
  } else {
    const double least = static_cast<double>(count_) * upload_places_fall;
    const auto wanted = static_cast<std::size_t>(std::max(rate / upload_place_rate, least));
    count_ = std::clamp(wanted, upload_places_min, upload_places_usual);
  }
}

void upload_places::conclude(double rate) {
  switch (trying_) {
    case trial::none:
      if (--rest_ <= 0) begin(next_, rate);
      break;
    case trial::more:
      if (rate < rate_before_ * upload_more_gain) {
        fail(count_ / 2, trial::fewer);
      } else {
        rest_next_ = upload_rest_min;
        begin(trial::more, rate);
      }
      break;
    case trial::fewer:
      if (rate < rate_before_ * upload_fewer_loss) {
        fail(count_ * 2, trial::more);
      } else {
        rest_next_ = upload_rest_min;
        begin(trial::fewer, rate);
      }
      break;
  }
}

void upload_places::begin(trial what, double rate) {
  const bool more = what == trial::more;
  const std::size_t count = std::clamp(more ? count_ * 2 : count_ / 2, upload_places_usual, upload_places_max);
  if (count == count_) {
    fail(count_, more ? trial::fewer : trial::more);
    return;
  }
  count_ = count;
  trying_ = what;
  rate_before_ = rate;
}

void upload_places::fail(std::size_t count, trial next) {
  count_ = count;
  trying_ = trial::none;
  next_ = next;
  rest_ = rest_next_;
  rest_next_ = std::min(2 * rest_next_, upload_rest_max);
}

}  // namespace shoal
