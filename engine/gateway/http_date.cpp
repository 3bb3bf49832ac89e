#include "gateway/http_date.hpp"

#include <locale.h>
#include <time.h>

#include <array>
#include <ctime>

namespace shoal {

namespace {

// The names of days and months are English, whatever the user's language.
locale_t english() {
  static const locale_t made = ::newlocale(LC_ALL_MASK, "C", nullptr);
  return made;
}

// The last two are of old programs (RFC 850, asctime of C).
constexpr std::array forms{"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};

}  // namespace

std::string http_date(http_time when) {
  const std::time_t seconds = when.time_since_epoch().count();
  std::tm parts{};
  std::array<char, 64> text{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return {};
  return {text.data(), ::strftime_l(text.data(), text.size(), forms.front(), &parts, english())};
}

std::optional<http_time> parse_http_date(std::string_view text) {
  const std::string ended(text);
  for (const char* form : forms) {
    std::tm parts{};
    const char* const end = ::strptime_l(ended.c_str(), form, &parts, english());
    if (end != nullptr && *end == '\0') return http_time(std::chrono::seconds(::timegm(&parts)));
  }
  return std::nullopt;
}

}  // namespace shoal
