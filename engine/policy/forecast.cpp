#include "policy/forecast.hpp"

#include <algorithm>
#include <limits>

namespace shoal {

double silence_expected(duration quiet, double rate) {
  const double seconds = std::chrono::duration<double>(quiet).count();
  const double usual = std::chrono::duration<double>(silence_usual).count() + (rate > 0 ? 2 * block_bytes / rate : 1.0);
  return seconds > usual ? seconds : 0;
}

double seconds_busy(const workload& of) {
  return of.wait + static_cast<double>(of.pending) / of.rate;
}

double seconds_for(const workload& of, std::uint64_t bytes) {
  return std::max(of.delay, seconds_busy(of)) + static_cast<double>(bytes) / of.rate;
}

double seconds_until(const workload& of, chunk_index chunk, block_mask blocks) {
  // From the last request down, because stealing asks about the requests at the end.
  double seconds = seconds_busy(of);
  const auto& requests = of.requests->outstanding();
  for (auto request = requests.rbegin(); request != requests.rend(); ++request) {
    if (request->chunk == chunk && (request->live & blocks) != 0) return std::max(seconds, 0.0);
    seconds -= static_cast<double>(request->range.bytes) / of.rate;
  }
  return std::numeric_limits<double>::infinity();
}

}  // namespace shoal
