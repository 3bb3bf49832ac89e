#include "cmd/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>
#include <ctime>

#include "core/utf8.hpp"

namespace shoal {

namespace {

// The end of the year 9999.
constexpr double date_seconds_max = 253'402'300'800;

constexpr char32_t invalid = 0xFFFD;
constexpr std::string_view replacement = "\xEF\xBF\xBD";

// Takes one character off the front; invalid bytes are taken one by one.
char32_t take_character(std::string_view& rest) {
  const utf8_character character = first_character(rest).value_or(utf8_character{invalid, 1});
  rest.remove_prefix(character.bytes);
  return character.code;
}

}  // namespace

std::string human_rate(double bytes_per_second) {
  const bool sane = std::isfinite(bytes_per_second) && bytes_per_second > 0 && bytes_per_second < 1e19;
  return human_bytes(sane ? static_cast<std::uint64_t>(bytes_per_second) : 0) + "/s";
}

std::string human_duration(std::int64_t seconds) {
  if (seconds < 0) seconds = 0;
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{} h {:02} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {:02} h", seconds / 86400, seconds / 3600 % 24);
}

std::string clock_duration(std::int64_t seconds) {
  if (seconds < 0) seconds = 0;
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return human_duration(seconds);
}

std::string human_date(double unix_seconds) {
  if (!(unix_seconds > 0) || unix_seconds >= date_seconds_max) return {};
  const auto seconds = static_cast<std::time_t>(unix_seconds);
  std::tm local{};
  localtime_r(&seconds, &local);
  return fmt::format("{:%Y-%m-%d %H:%M}", local);
}

std::string human_count(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string displayable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t character = take_character(text);
    if (is_harmful(character) || character == invalid) {
      shown += replacement;
    } else {
      shown += before.substr(0, before.size() - text.size());
    }
  }
  return shown;
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) columns += columns_of(take_character(text));
  return columns;
}

std::string cut_to_width(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::string_view rest = text;
  std::size_t used = 0;
  std::size_t kept_bytes = 0;
  while (!rest.empty()) {
    used += columns_of(take_character(rest));
    if (used > columns - 1) break;
    kept_bytes = text.size() - rest.size();
  }
  return std::string(text.substr(0, kept_bytes)) + "…";
}

std::string pad_right(std::string text, std::size_t columns) {
  const std::size_t width = display_width(text);
  if (width < columns) text.append(columns - width, ' ');
  return text;
}

std::string pad_left(std::string text, std::size_t columns) {
  const std::size_t width = display_width(text);
  if (width < columns) text.insert(0, columns - width, ' ');
  return text;
}

}  // namespace shoal
