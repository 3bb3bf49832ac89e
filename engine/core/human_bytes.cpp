#include "core/human_bytes.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace shoal {

namespace {

constexpr std::array<std::string_view, 7> units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};

std::size_t unit_of(double value) {
  std::size_t unit = 0;
  // 999.5 would be printed as 1000.
  while (value >= 999.5 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  return unit;
}

std::string in_unit(double value, std::size_t unit) {
  int decimals = 0;
  if (unit > 0) {
    value /= std::pow(1000.0, static_cast<double>(unit));
    decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  }
  // The largest is 2^64 bytes, written in bytes.
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

}  // namespace

std::string human_bytes(std::uint64_t bytes) {
  const auto value = static_cast<double>(bytes);
  const std::size_t unit = unit_of(value);
  return in_unit(value, unit) + " " + std::string(units[unit]);
}

std::string human_fraction(std::uint64_t done, std::uint64_t total) {
  const std::size_t unit = unit_of(static_cast<double>(total));
  return in_unit(static_cast<double>(done), unit) + "/" + in_unit(static_cast<double>(total), unit) + " " +
         std::string(units[unit]);
}

}  // namespace shoal
