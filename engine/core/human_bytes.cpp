#include "core/human_bytes.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iterator>

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

std::string without_blanks(std::string_view text) {
  std::string kept;
  std::ranges::copy_if(text, std::back_inserter(kept), [](char c) { return c != ' ' && c != '\t'; });
  return kept;
}

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// Takes "k", "M", "Gi" off the front.
double take_multiple(std::string_view& unit) {
  constexpr std::string_view prefixes = "kmgt";
  const auto power = unit.empty() ? std::string_view::npos : prefixes.find(lower(unit.front()));
  if (power == std::string_view::npos) return 1;
  unit.remove_prefix(1);
  const bool binary = unit == "i" || unit.starts_with("iB") || unit.starts_with("i/");
  if (binary) unit.remove_prefix(1);
  return std::pow(binary ? 1024.0 : 1000.0, static_cast<double>(power + 1));
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

std::optional<quantity> parse_quantity(std::string_view text) {
  const std::string written = without_blanks(text);
  quantity read;
  const char* const last = written.data() + written.size();
  const auto [end, ec] = std::from_chars(written.data(), last, read.number, std::chars_format::fixed);
  // "inf" and "nan" are numbers as well, to the library.
  const bool begins_well = !written.empty() && std::isdigit(static_cast<unsigned char>(written.front())) != 0;
  if (ec != std::errc{} || !begins_well) return std::nullopt;
  std::string_view unit(end, static_cast<std::size_t>(last - end));
  read.number *= take_multiple(unit);
  read.unit = unit;
  return read;
}

result<std::uint64_t> parse_bytes(std::string_view text) {
  const auto given = parse_quantity(text);
  // What is more has no disk, and no exact number here.
  constexpr double most = 1e18;
  if (!given || (!given->unit.empty() && given->unit != "B") || given->number > most) {
    return error{errc::usage, "'" + std::string(text) + "' is no size: write a size such as 500M, 20G or 20GiB"};
  }
  return static_cast<std::uint64_t>(std::llround(given->number));
}

}  // namespace shoal
