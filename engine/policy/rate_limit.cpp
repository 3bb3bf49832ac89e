#include "policy/rate_limit.hpp"

#include <algorithm>

namespace shoal {

namespace {

double seconds(duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

double rate_limit::saved_max() const {
  return std::max(static_cast<double>(rate_) * seconds(limit_burst), 1.0);
}

double rate_limit::saved_at(time_point now) const {
  if (counted_ == time_point{}) return saved_max();
  const double since = std::max(seconds(now - counted_), 0.0);
  return std::min(saved_ + since * static_cast<double>(rate_), std::max(saved_, saved_max()));
}

double rate_limit::grain(std::uint64_t wanted) const {
  return std::min(static_cast<double>(wanted), std::max(static_cast<double>(rate_) * seconds(limit_grain), 1.0));
}

void rate_limit::set(std::uint64_t bytes_per_second, time_point now) {
  if (bytes_per_second == rate_) return;
  rate_ = bytes_per_second;
  saved_ = 0;
  counted_ = now;
}

std::uint64_t rate_limit::take(std::uint64_t wanted, time_point now) {
  if (!limited()) return wanted;
  saved_ = saved_at(now);
  counted_ = now;
  if (saved_ < grain(wanted)) return 0;
  const std::uint64_t given = std::min(wanted, static_cast<std::uint64_t>(saved_));
  saved_ -= static_cast<double>(given);
  return given;
}

void rate_limit::put_back(std::uint64_t bytes) {
  if (limited()) saved_ = std::min(saved_ + static_cast<double>(bytes), std::max(saved_, saved_max()));
}

void rate_limit::owe(std::uint64_t bytes, time_point now) {
  if (!limited()) return;
  saved_ = saved_at(now) - static_cast<double>(bytes);
  counted_ = now;
}

time_point rate_limit::ready_at(std::uint64_t wanted, time_point now) const {
  if (!limited()) return now;
  const double lacking = grain(wanted) - saved_at(now);
  if (lacking <= 0) return now;
  return now +
         std::chrono::duration_cast<duration>(std::chrono::duration<double>(lacking / static_cast<double>(rate_))) +
         duration(1);
}

}  // namespace shoal
