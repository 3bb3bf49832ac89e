#include "gateway/byte_ranges.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace shoal {

namespace {

constexpr std::string_view unit = "bytes";

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char one) { return one == ' ' || one == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool same_without_case(std::string_view one, std::string_view lower) {
  return std::ranges::equal(one, lower, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

/// Digits only. A number that no size reaches counts as the largest.
std::optional<std::uint64_t> number_in(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || end != digits.data() + digits.size()) return std::nullopt;
  return failure == std::errc::result_out_of_range ? UINT64_MAX : number;
}

/// What one range-spec means; of no bytes if it lies outside. Nothing: it is none.
std::optional<byte_span> span_of(std::string_view spec, std::uint64_t size) {
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = number_in(spec.substr(0, dash));
  const auto last = number_in(spec.substr(dash + 1));
  if (dash == 0) {
    if (!last) return std::nullopt;
    const std::uint64_t bytes = std::min(*last, size);
    return byte_span{size - bytes, bytes};
  }
  const bool open = dash + 1 == spec.size();
  if (!first || (!open && (!last || *last < *first))) return std::nullopt;
  if (*first >= size) return byte_span{};
  return byte_span{*first, open ? size - *first : std::min(*last, size - 1) - *first + 1};
}

bool overlap(std::vector<byte_span> spans) {
  std::ranges::sort(spans, {}, &byte_span::first);
  for (std::size_t i = 1; i < spans.size(); ++i) {
    if (spans[i].first < spans[i - 1].first + spans[i - 1].bytes) return true;
  }
  return false;
}

}  // namespace

std::optional<std::vector<byte_span>> requested_ranges(std::string_view header, std::uint64_t size) {
  const std::size_t equals = header.find('=');
  if (equals == std::string_view::npos || !same_without_case(trimmed(header.substr(0, equals)), unit)) {
    return std::nullopt;
  }
  std::string_view rest = header.substr(equals + 1);
  std::vector<byte_span> spans;
  std::size_t specs = 0;
  while (true) {
    const std::size_t comma = rest.find(',');
    const std::string_view spec = trimmed(rest.substr(0, comma));
    // An empty element of a list is none (RFC 9110, 5.6.1).
    if (!spec.empty()) {
      const auto span = span_of(spec, size);
      if (!span || ++specs > ranges_max) return std::nullopt;
      if (span->bytes > 0) spans.push_back(*span);
    }
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (specs == 0 || overlap(spans)) return std::nullopt;
  return spans;
}

std::string content_range(const byte_span& sent, std::uint64_t size) {
  return "bytes " + std::to_string(sent.first) + "-" + std::to_string(sent.first + sent.bytes - 1) + "/" +
         std::to_string(size);
}

std::string content_range(std::uint64_t size) {
  return "bytes */" + std::to_string(size);
}

}  // namespace shoal
