// Sizes as people read them, in tables, progress lines and the log. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace shoal {

/// Three significant digits in decimal units: "999 B", "1.50 kB", "12.3 MB", "1.42 GB".
std::string human_bytes(std::uint64_t bytes);
/// "1.20/3.00 GB": both in the unit of `total`.
std::string human_fraction(std::uint64_t done, std::uint64_t total);

}  // namespace shoal
