// Sizes as people read and write them: in tables, progress lines, the log and options. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace shoal {

/// Three significant digits in decimal units: "999 B", "1.50 kB", "12.3 MB", "1.42 GB".
std::string human_bytes(std::uint64_t bytes);
/// "1.20/3.00 GB": both in the unit of `total`.
std::string human_fraction(std::uint64_t done, std::uint64_t total);
/// "20G" and "20 GB" are 20,000,000,000 bytes, "1Gi" and "1GiB" 1,073,741,824, "1500" are bytes. errc::usage names the
/// text and the form.
result<std::uint64_t> parse_bytes(std::string_view text);

/// A number with a unit: what precedes the unit, with its multiple ("k", "M", "Gi"), and the unit.
struct quantity {
  double number = 0;
  std::string unit;
};
/// Blanks do not count. Nothing: `text` does not begin with a number.
std::optional<quantity> parse_quantity(std::string_view text);

}  // namespace shoal
