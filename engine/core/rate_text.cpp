#include "core/rate_text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "core/human_bytes.hpp"

namespace shoal {

namespace {

constexpr std::string_view form = "write a rate such as 10M (10 MB/s), 500K or 80Mbit, or 0 for no limit";

error not_a_rate(std::string_view text) {
  return {errc::usage, "'" + std::string(text) + "' is no rate: " + std::string(form)};
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

}  // namespace

result<std::uint64_t> parse_rate(std::string_view text) {
  const std::string written = without_blanks(text);
  if (written == "none") return std::uint64_t{0};
  double number = 0;
  const char* const last = written.data() + written.size();
  const auto [end, ec] = std::from_chars(written.data(), last, number, std::chars_format::fixed);
  // "inf" and "nan" are numbers as well, to the library.
  const bool begins_well = !written.empty() && std::isdigit(static_cast<unsigned char>(written.front())) != 0;
  if (ec != std::errc{} || !begins_well) return not_a_rate(text);
  std::string_view unit(end, static_cast<std::size_t>(last - end));
  number *= take_multiple(unit);
  const auto is_one_of = [unit](std::initializer_list<std::string_view> forms) {
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
