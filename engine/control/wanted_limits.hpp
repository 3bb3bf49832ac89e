// What a request says of limits.
#pragma once

#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/rate_text.hpp"

namespace shoal {

/// What the request does not say stays as it is.
struct wanted_limits {
  std::optional<std::uint64_t> up;
  std::optional<std::uint64_t> down;

  bool any() const { return up || down; }
  rate_limits over(const rate_limits& before) const { return {up.value_or(before.up), down.value_or(before.down)}; }
};

/// Reads both like parse_rate().
result<wanted_limits> parse_limits(const std::optional<std::string>& up, const std::optional<std::string>& down);

}  // namespace shoal
