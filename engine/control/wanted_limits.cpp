#include "control/wanted_limits.hpp"

namespace shoal {

result<wanted_limits> parse_limits(const std::optional<std::string>& up, const std::optional<std::string>& down) {
  wanted_limits wanted;
  if (up) {
    const auto rate = parse_rate(*up);
    if (!rate) return rate.error();
    wanted.up = *rate;
  }
  if (down) {
    const auto rate = parse_rate(*down);
    if (!rate) return rate.error();
    wanted.down = *rate;
  }
  return wanted;
}

}  // namespace shoal
