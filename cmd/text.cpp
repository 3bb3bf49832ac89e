#include "cmd/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <locale.h>
#include <wchar.h>

#include <cmath>
#include <ctime>

namespace shoal {

namespace {

// The end of the year 9999.
constexpr double date_seconds_max = 253'402'300'800;

constexpr char32_t invalid = 0xFFFD;
constexpr std::string_view replacement = "\xEF\xBF\xBD";

// Takes one character off the front; invalid bytes are taken one by one.
char32_t take_character(std::string_view& rest) {
  const auto byte = [&rest](std::size_t at) { return static_cast<unsigned char>(rest[at]); };
  const unsigned char first = byte(0);
  std::size_t length = 1;
  char32_t value = first;
  char32_t smallest = 0;
  if (first >= 0x80) {
    if (first >= 0xC2 && first <= 0xDF) {
      length = 2;
      value = first & 0x1FU;
      smallest = 0x80;
    } else if (first >= 0xE0 && first <= 0xEF) {
      length = 3;
      value = first & 0x0FU;
      smallest = 0x800;
    } else if (first >= 0xF0 && first <= 0xF4) {
      length = 4;
      value = first & 0x07U;
      smallest = 0x10000;
    } else {
      length = 0;
    }
    if (length > rest.size()) length = 0;
    for (std::size_t at = 1; at < length; ++at) {
      if ((byte(at) & 0xC0U) != 0x80) {
        length = 0;
        break;
      }
      value = value << 6 | (byte(at) & 0x3FU);
    }
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (length == 0 || value < smallest || surrogate || value > 0x10FFFF) {
      rest.remove_prefix(1);
      return invalid;
    }
  }
  rest.remove_prefix(length);
  return value;
}

bool harmful(char32_t character) {
  const bool control = character < 0x20 || (character >= 0x7F && character < 0xA0);
  const bool direction = (character >= 0x202A && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069) ||
                         character == 0x200E || character == 0x200F;
  const bool separator = character == 0x2028 || character == 0x2029;
  return control || direction || separator || character == invalid;
}

// wcwidth depends on the locale of the process; this one is always UTF-8 where the system has it.
std::size_t columns_of(char32_t character) {
  if (character < 0x80) return 1;
  static const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (utf8 == nullptr) return 1;
  const locale_t before = uselocale(utf8);
  const int columns = wcwidth(static_cast<wchar_t>(character));
  uselocale(before);
  return columns < 0 ? 1 : static_cast<std::size_t>(columns);
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
    if (harmful(take_character(text))) {
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
