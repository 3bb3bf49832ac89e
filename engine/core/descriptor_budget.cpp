#include "core/descriptor_budget.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace shoal {

namespace {

// Standard streams, the database, event queues, directories that are being looked at.
constexpr std::uint64_t reserved = 64;
// The limit of a kernel where nobody set one.
constexpr std::uint64_t usual_limit = 1024;
constexpr std::uint64_t descriptors_min = 4;

std::size_t part(std::uint64_t of, std::uint64_t divisor, std::uint64_t most) {
  return static_cast<std::size_t>(std::clamp(of / divisor, descriptors_min, most));
}

}  // namespace

descriptor_budget budget_of(std::uint64_t limit) {
  const std::uint64_t rest = limit - std::min(limit, reserved);
  descriptor_budget budget;
  // With the three descriptors of each download, sessions take half of all.
  budget.sessions = part(rest, 6, 1024);
  budget.files = part(rest, 6, 512);
  budget.dials = part(rest, 24, 512);
  budget.greetings = part(rest, 24, 256);
  budget.control = part(rest, 24, 256);
  budget.http = part(rest, 24, 256);
  return budget;
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return usual_limit;
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? limit.rlim_max : limit.rlim_cur;
}

}  // namespace shoal
