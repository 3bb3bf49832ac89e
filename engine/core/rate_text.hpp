// Limits of rates, and how people write them. They are read and printed at this one place, wherever they come from.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace shoal {

/// A lower limit would keep a source waiting for its turn until it looks dead.
inline constexpr std::uint64_t rate_limit_min = 1000;
/// More than any network carries.
inline constexpr std::uint64_t rate_limit_max = 1'000'000'000'000;

/// The limits of a process or a share: bytes of payload per second; 0: no limit.
struct rate_limits {
  std::uint64_t up = 0;
  std::uint64_t down = 0;

  bool any() const { return up != 0 || down != 0; }
  bool operator==(const rate_limits&) const = default;
};

/// Bytes per second; 0: no limit. "10M" and "10 MB/s" are 10,000,000, and "80Mbit" is the same. "1Mi" and "1MiB" are
/// 1,048,576. "1.5G", "100k" and "1500" are bytes. "0" and "none" mean no limit. errc::usage names the text and the
/// form.
result<std::uint64_t> parse_rate(std::string_view text);
/// "10.0 MB/s", which parse_rate() reads back; "none" for 0.
std::string rate_text(std::uint64_t bytes_per_second);

}  // namespace shoal
