#include "peer/session/throttle.hpp"

#include <algorithm>

namespace shoal {

void throttle::call_first() {
  if (!line_.empty()) line_.front()->call();
}

void throttle::set_rate(std::uint64_t bytes_per_second) {
  limit_.set(bytes_per_second, clock::now());
  call_first();
}

std::uint64_t throttle::lowest_rate() const {
  const std::uint64_t whole = whole_ == nullptr ? 0 : whole_->lowest_rate();
  if (whole == 0 || !limit_.limited()) return std::max(whole, limit_.rate());
  return std::min(whole, limit_.rate());
}

std::uint64_t throttle::take_now(std::uint64_t wanted) {
  std::uint64_t given = wanted;
  if (limit_.limited()) given = line_.empty() ? limit_.take(wanted, clock::now()) : 0;
  if (whole_ == nullptr || given == 0) return given;
  const std::uint64_t passed = whole_->take_now(given);
  limit_.put_back(given - passed);
  return passed;
}

awaitable<std::uint64_t> throttle::take(turn& who, std::uint64_t wanted) {
  const auto place = line_.insert(line_.end(), &who);
  std::uint64_t given = 0;
  while (!who.cancelled()) {
    if (line_.front() != &who) {
      (void)co_await who.wait_until(never);
      continue;
    }
    const time_point now = clock::now();
    given = limit_.take(wanted, now);
    if (given > 0) break;
    (void)co_await who.wait_until(limit_.ready_at(wanted, now));
  }
  line_.erase(place);
  call_first();
  if (given == 0 || whole_ == nullptr) co_return given;
  const std::uint64_t passed = co_await whole_->take(who, given);
  limit_.put_back(given - passed);
  co_return passed;
}

void throttle::put_back(std::uint64_t bytes) {
  if (bytes == 0) return;
  limit_.put_back(bytes);
  call_first();
  if (whole_ != nullptr) whole_->put_back(bytes);
}

void throttle::owe(std::uint64_t bytes) {
  if (limit_.limited()) limit_.owe(bytes, clock::now());
  if (whole_ != nullptr) whole_->owe(bytes);
}

}  // namespace shoal
