#include "core/rate_text.hpp"

#include <algorithm>
#include <cmath>

#include "core/human_bytes.hpp"

namespace shoal {

namespace {

constexpr std::string_view form = "write a rate such as 10M (10 MB/s), 500K or 80Mbit, or 0 for no limit";

error not_a_rate(std::string_view text) {
  return {errc::usage, "'" + std::string(text) + "' is no rate: " + std::string(form)};
}

}  // namespace

result<std::uint64_t> parse_rate(std::string_view text) {
  const auto given = parse_quantity(text);
  if (!given) return text == "none" ? result<std::uint64_t>(0) : not_a_rate(text);
  double number = given->number;
  const std::string& unit = given->unit;
  const auto is_one_of = [&unit](std::initializer_list<std::string_view> forms) {
    return std::ranges::find(forms, unit) != forms.end();
  };
  if (is_one_of({"b", "b/s"})) {
    return error{errc::usage,
                 "'" + std::string(text) + "' may mean bits or bytes: write B or bit, as in 10MB or 80Mbit"};
  }
  if (is_one_of({"bit", "bits", "bit/s", "bits/s", "bps"})) {
    number /= 8;
  } else if (!is_one_of({"", "B", "B/s", "Bps", "/s"})) {
    return not_a_rate(text);
  }
  if (number == 0) return std::uint64_t{0};
  if (number < static_cast<double>(rate_limit_min)) {
    return error{errc::usage,
                 "'" + std::string(text) + "' is too little: write 1K (1 kB/s) or more, or 0 for no limit"};
  }
  if (number > static_cast<double>(rate_limit_max)) {
    return error{errc::usage, "'" + std::string(text) + "' is more than any network carries: write 0 for no limit"};
  }
  return static_cast<std::uint64_t>(std::llround(number));
}

std::string rate_text(std::uint64_t bytes_per_second) {
  return bytes_per_second == 0 ? "none" : human_bytes(bytes_per_second) + "/s";
}

}  // namespace shoal
